// Lesson 20: an author's posts. Read lessons/20-blog-authors.md; the types below stay as they are.
import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import type { Clock } from '#built/18-blog'

/** What a list shows for each post. */
export interface PostCard {
  readonly postId: string
  readonly title: string
  readonly author: string
  /** ISO 8601, from the event; null for a draft. */
  readonly publishedAt: string | null
}

export interface Page {
  /** How many of the newest posts to skip. Default: 0. */
  readonly offset?: number
  /** Maximum number of posts to return. Default: 20. */
  readonly limit?: number
}

export type OnIndexError = (error: unknown, postId: string) => void

// Task 1
export function applyCardEvent(_card: PostCard | null, _event: DomainEvent): PostCard | null {
  throw new Error('Not written yet: applyCardEvent')
}

export async function changeAuthor(
  _redis: Redis,
  _clock: Clock,
  _postId: string,
  _author: string,
): Promise<number> {
  throw new Error('Not written yet: changeAuthor')
}

// Task 2
export async function updatePostIndex(_redis: Redis, _postId: string): Promise<number> {
  throw new Error('Not written yet: updatePostIndex')
}

// Task 3
export async function getPostsByAuthor(
  _redis: Redis,
  _author: string,
  _page: Page = {},
): Promise<PostCard[]> {
  throw new Error('Not written yet: getPostsByAuthor')
}

// Task 4
export async function catchUpPosts(_redis: Redis): Promise<void> {
  throw new Error('Not written yet: catchUpPosts')
}

export async function followPosts(
  _redis: Redis,
  _news: AsyncIterable<string>,
  _onError: OnIndexError,
): Promise<void> {
  throw new Error('Not written yet: followPosts')
}
