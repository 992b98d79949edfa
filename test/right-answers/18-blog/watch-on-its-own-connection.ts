import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

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

type Edited = { title?: string; content?: string }
type Fact =
  | { readonly eventType: 'POST_CREATED'; readonly payload: Draft & Record<string, string> }
  | { readonly eventType: 'POST_EDITED'; readonly payload: Edited }
  | { readonly eventType: 'POST_PUBLISHED'; readonly payload: Record<string, never> }

/** Returns the fact that follows from a command for the current post, or null if there's nothing to do. */
type Decide = (post: Post | null) => Fact | null

const PAGE = 500
const ATTEMPTS = 10

const keyOf = (postId: string) => `blog:post:${postId}`
const isBlank = (text: string) => text.trim() === ''

/** Returns the post after another event. Pure: all times come from the events. Unknown types leave it as it is. */
export function applyPostEvent(post: Post | null, event: DomainEvent): Post | null {
  const fact = event as DomainEvent & Fact
  const { timestamp } = event
  if (fact.eventType === 'POST_CREATED') {
    const { title, content, author } = fact.payload
    const fresh = { published: false, createdAt: timestamp, editedAt: null, publishedAt: null }
    return post ?? { title, content, author, ...fresh }
  }
  if (post === null) return null
  switch (fact.eventType) {
    case 'POST_EDITED': {
      const { title = post.title, content = post.content } = fact.payload
      return { ...post, title, content, editedAt: timestamp }
    }
    case 'POST_PUBLISHED':
      return { ...post, published: true, publishedAt: post.publishedAt ?? timestamp }
    default:
      return post
  }
}

/** Resolves to the current post, or to null if it doesn't exist. */
export async function getPost(redis: Redis, postId: string): Promise<Post | null> {
  return (await read(redis, postId)).post
}

/** Reads the post and its version in one loop, so that a decision is checked against exactly the events it's based on. */
async function read(redis: Redis, postId: string): Promise<{ post: Post | null; version: number }> {
  let post: Post | null = null
  let version = 0
  for (;;) {
    const page = await redis.xrange(keyOf(postId), `(${version}-0`, '+', 'COUNT', PAGE)
    for (const [id, fields] of page) {
      post = applyPostEvent(post, decodeEvent(fields[fields.indexOf('event') + 1] ?? ''))
      version = Number.parseInt(id, 10)
    }
    if (page.length < PAGE) return { post, version }
  }
}

/** Reads over a separate connection that watches the stream. EXEC fails if another writer has appended since. */
async function handle(redis: Redis, clock: Clock, postId: string, decide: Decide): Promise<number> {
  const key = keyOf(postId)
  const mine = redis.duplicate()
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      await mine.watch(key)
      const { post, version } = await read(mine, postId)
      const fact = decide(post)
      if (fact === null) return version
      const text = encodeEvent(createEvent({ ...fact, entityId: postId }, clock))
      const replies = await mine
        .multi()
        .xadd(key, `${version + 1}-0`, 'event', text)
        .exec()
      if (replies === null) continue
      for (const [error] of replies) if (error) throw error
      return version + 1
    }
    throw new Error(`${key} is too busy`)
  } finally {
    mine.disconnect()
  }
}

/** Creates a draft. Like each command, it resolves to the post's new version. @throws PostRefusedError */
export function createPost(redis: Redis, clock: Clock, postId: string, draft: Draft): Promise<number> {
  return handle(redis, clock, postId, (post) => {
    if (post !== null) throw new PostRefusedError(postId, 'exists')
    if (isBlank(draft.title)) throw new PostRefusedError(postId, 'no-title')
    const { title, content, author } = draft
    return { eventType: 'POST_CREATED', payload: { title, content, author } }
  })
}

export function editPost(redis: Redis, clock: Clock, postId: string, changes: Changes): Promise<number> {
  return handle(redis, clock, postId, (post) => {
    if (post === null) throw new PostRefusedError(postId, 'not-found')
    const { title = post.title, content = post.content } = changes
    if (isBlank(title)) throw new PostRefusedError(postId, 'no-title')
    if (post.published && isBlank(content)) throw new PostRefusedError(postId, 'no-content')
    const payload: Edited = {}
    if (title !== post.title) payload.title = title
    if (content !== post.content) payload.content = content
    return Object.keys(payload).length === 0 ? null : { eventType: 'POST_EDITED', payload }
  })
}

export function publishPost(redis: Redis, clock: Clock, postId: string): Promise<number> {
  return handle(redis, clock, postId, (post) => {
    if (post === null) throw new PostRefusedError(postId, 'not-found')
    if (post.published) throw new PostRefusedError(postId, 'already-published')
    if (isBlank(post.content)) throw new PostRefusedError(postId, 'no-content')
    return { eventType: 'POST_PUBLISHED', payload: {} }
  })
}
