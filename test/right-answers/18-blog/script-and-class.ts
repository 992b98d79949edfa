import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'

export type Clock = () => Date

/** The current state of a post. Times are ISO 8601, from the events. */
export interface Post {
  readonly title: string
  readonly content: string
  readonly author: string
  readonly published: boolean
  readonly createdAt: string
  readonly editedAt: string | null
  readonly publishedAt: string | null
}

export type Draft = Pick<Post, 'title' | 'content' | 'author'>
/** A field that's missing or undefined isn't changed. An empty string is a value. */
export type Changes = { readonly title?: string | undefined; readonly content?: string | undefined }
export type Refusal = 'exists' | 'not-found' | 'no-title' | 'no-content' | 'already-published'

/** A rule refused the command, and nothing was written. */
export class PostRefusedError extends Error {
  override readonly name = 'PostRefusedError'
  readonly postId: string
  readonly reason: Refusal

  constructor(postId: string, reason: Refusal) {
    super(`Post ${postId} refused: ${reason}`)
    this.postId = postId
    this.reason = reason
  }
}

/**
 * KEYS  1 the post's stream · ARGV  1 the expected version · 2 the event
 * Returns the new version, or -1 if the post is at another version.
 */
const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local version = last and tonumber(string.match(last[1], '^%d+')) or 0
if version ~= tonumber(ARGV[1]) then return -1 end
redis.call('XADD', KEYS[1], (version + 1) .. '-0', 'event', ARGV[2])
return version + 1`

class Posts {
  readonly redis: Redis
  readonly clock: Clock
  readonly postId: string

  constructor(redis: Redis, clock: Clock, postId: string) {
    this.redis = redis
    this.clock = clock
    this.postId = postId
  }

  get key(): string {
    return `blog:post:${this.postId}`
  }

  refuse(reason: Refusal): never {
    throw new PostRefusedError(this.postId, reason)
  }

  async history(): Promise<DomainEvent[]> {
    const all: DomainEvent[] = []
    let page: [string, string[]][]
    do {
      page = await this.redis.xrange(this.key, `(${all.length}-0`, '+', 'COUNT', 1_000)
      for (const [, [, text]] of page) all.push(JSON.parse(text ?? '') as DomainEvent)
    } while (page.length === 1_000)
    return all
  }

  async append(seen: number, eventType: string, payload: object): Promise<number> {
    const timestamp = this.clock().toISOString()
    const event = {
      eventId: randomUUID(),
      timestamp,
      eventType,
      entityId: this.postId,
      payload,
      metadata: {},
    }
    return (await this.redis.eval(APPEND, 1, this.key, seen, JSON.stringify(event))) as number
  }

  async run(decide: (post: Post | null) => readonly [string, object] | undefined): Promise<number> {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const history = await this.history()
      const facts = decide(history.reduce<Post | null>(applyPostEvent, null))
      if (facts === undefined) return history.length
      const version = await this.append(history.length, ...facts)
      if (version > 0) return version
    }
    throw new Error(`${this.key} is too busy`)
  }
}

export function applyPostEvent(post: Post | null, event: DomainEvent): Post | null {
  const payload = event.payload as Partial<Draft>
  switch (event.eventType) {
    case 'POST_CREATED':
      if (post !== null) return post
      return Object.freeze({
        title: String(payload.title),
        content: String(payload.content),
        author: String(payload.author),
        published: false,
        createdAt: event.timestamp,
        editedAt: null,
        publishedAt: null,
      })
    case 'POST_EDITED':
      return post && Object.freeze({ ...post, ...payload, editedAt: event.timestamp })
    case 'POST_PUBLISHED':
      return (
        post &&
        (post.published ? post : Object.freeze({ ...post, published: true, publishedAt: event.timestamp }))
      )
    default:
      return post
  }
}

export async function getPost(redis: Redis, postId: string): Promise<Post | null> {
  return (await new Posts(redis, () => new Date(), postId).history()).reduce<Post | null>(
    applyPostEvent,
    null,
  )
}

export async function createPost(redis: Redis, clock: Clock, postId: string, draft: Draft): Promise<number> {
  const posts = new Posts(redis, clock, postId)
  if (!/\S/.test(draft.title)) posts.refuse('no-title')
  return posts.run((post) => (post === null ? ['POST_CREATED', draft] : posts.refuse('exists')))
}

export async function editPost(
  redis: Redis,
  clock: Clock,
  postId: string,
  changes: Changes,
): Promise<number> {
  const posts = new Posts(redis, clock, postId)
  if (changes.title !== undefined && !/\S/.test(changes.title)) posts.refuse('no-title')
  return posts.run((post) => {
    if (post === null) return posts.refuse('not-found')
    if (post.published && changes.content !== undefined && !/\S/.test(changes.content))
      posts.refuse('no-content')
    const fields = (['title', 'content'] as const).filter(
      (field) => (changes[field] ?? post[field]) !== post[field],
    )
    if (fields.length === 0) return undefined
    return ['POST_EDITED', Object.fromEntries(fields.map((field) => [field, changes[field]]))]
  })
}

export async function publishPost(redis: Redis, clock: Clock, postId: string): Promise<number> {
  const posts = new Posts(redis, clock, postId)
  return posts.run((post) => {
    if (!post) return posts.refuse('not-found')
    if (post.published) return posts.refuse('already-published')
    return /\S/.test(post.content) ? ['POST_PUBLISHED', {}] : posts.refuse('no-content')
  })
}
