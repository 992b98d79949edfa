// Lesson 18: a blog. Read lessons/18-blog.md. The types and the error below are yours to use; leave them as they are.
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

// Task 1
export function applyPostEvent(_post: Post | null, _event: DomainEvent): Post | null {
  throw new Error('Not written yet: applyPostEvent')
}

// Task 2
export async function createPost(
  _redis: Redis,
  _clock: Clock,
  _postId: string,
  _draft: Draft,
): Promise<number> {
  throw new Error('Not written yet: createPost')
}

export async function getPost(_redis: Redis, _postId: string): Promise<Post | null> {
  throw new Error('Not written yet: getPost')
}

// Task 3
export async function editPost(
  _redis: Redis,
  _clock: Clock,
  _postId: string,
  _changes: Changes,
): Promise<number> {
  throw new Error('Not written yet: editPost')
}

// Task 4
export async function publishPost(_redis: Redis, _clock: Clock, _postId: string): Promise<number> {
  throw new Error('Not written yet: publishPost')
}
