import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent, type Payload } from '#built/01-events'

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

export function applyPostEvent(post: Post | null, event: DomainEvent): Post | null {
  const payload = event.payload as { title?: string; content?: string; author?: string }
  switch (event.eventType) {
    case 'POST_CREATED':
      if (post !== null) return post
      return {
        title: payload.title as string,
        content: payload.content as string,
        author: payload.author as string,
        published: false,
        createdAt: event.timestamp,
        editedAt: null,
        publishedAt: null,
      }
    case 'POST_EDITED':
      if (post === null) return null
      return {
        ...post,
        title: payload.title ?? post.title,
        content: payload.content ?? post.content,
        editedAt: event.timestamp,
      }
    case 'POST_PUBLISHED':
      if (post === null || post.published) return post
      return { ...post, published: true, publishedAt: event.timestamp }
    default:
      return post
  }
}
const keyOf = (postId: string) => `blog:post:${postId}`
async function load(redis: Redis, postId: string): Promise<{ post: Post | null; version: number }> {
  let post: Post | null = null
  let version = 0
  for (;;) {
    const page = await redis.xrange(keyOf(postId), `(${version}-0`, '+', 'COUNT', 1000)
    for (const [id, fields] of page) {
      post = applyPostEvent(post, decodeEvent(fields[1] ?? ''))
      version = Number.parseInt(id, 10)
    }
    if (page.length < 1000) return { post, version }
  }
}
type Fact = { eventType: string; payload: Payload }
async function handle(
  redis: Redis,
  clock: Clock,
  postId: string,
  decide: (post: Post | null) => Fact | null,
): Promise<number> {
  for (let tries = 10; ; tries -= 1) {
    const { post, version } = await load(redis, postId)
    const fact = decide(post)
    if (fact === null) return version
    const event = createEvent({ ...fact, entityId: postId }, clock)
    try {
      await redis.xadd(keyOf(postId), `${version + 1}-0`, 'event', encodeEvent(event))
      return version + 1
    } catch (error) {
      if (tries <= 1 || !(error instanceof Error) || !error.message.includes('equal or smaller')) throw error
    }
  }
}
const blank = (text: string) => text.trim() === ''

export async function createPost(redis: Redis, clock: Clock, postId: string, draft: Draft): Promise<number> {
  return handle(redis, clock, postId, (post) => {
    if (post !== null) throw new PostRefusedError(postId, 'exists')
    if (blank(draft.title)) throw new PostRefusedError(postId, 'no-title')
    return {
      eventType: 'POST_CREATED',
      payload: { title: draft.title, content: draft.content, author: draft.author },
    }
  })
}
export async function getPost(redis: Redis, postId: string): Promise<Post | null> {
  return (await load(redis, postId)).post
}
export async function editPost(
  redis: Redis,
  clock: Clock,
  postId: string,
  changes: Changes,
): Promise<number> {
  return handle(redis, clock, postId, (post) => {
    if (post === null) throw new PostRefusedError(postId, 'not-found')
    const payload: { title?: string; content?: string } = {}
    if (changes.title !== undefined && changes.title !== post.title) payload.title = changes.title
    if (changes.content !== undefined && changes.content !== post.content) payload.content = changes.content
    if (payload.title !== undefined && blank(payload.title)) throw new PostRefusedError(postId, 'no-title')
    if (post.published && payload.content !== undefined && blank(payload.content))
      throw new PostRefusedError(postId, 'no-content')
    return Object.keys(payload).length === 0 ? null : { eventType: 'POST_EDITED', payload }
  })
}
export async function publishPost(redis: Redis, clock: Clock, postId: string): Promise<number> {
  return handle(redis, clock, postId, (post) => {
    if (post === null) throw new PostRefusedError(postId, 'not-found')
    if (post.published) throw new PostRefusedError(postId, 'already-published')
    if (blank(post.content)) throw new PostRefusedError(postId, 'no-content')
    return { eventType: 'POST_PUBLISHED', payload: {} }
  })
}
