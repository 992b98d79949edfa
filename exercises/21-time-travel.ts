// Lesson 21: time travel. Read lessons/21-time-travel.md; the types and the error below are yours to use and stay as they are.
import type { Redis } from 'ioredis'
import type { Post } from '#built/18-blog'

/** A post as it was, and the number of events it reflects. */
export interface PostAtVersion {
  readonly post: Post | null
  readonly version: number
}

/** `timestamp` is the event's own; `at` is the moment it counts from. */
export interface Revision {
  readonly version: number
  readonly eventType: string
  readonly timestamp: string
  readonly at: string
}

/** In a version without a post, each field is `null`. */
export interface Difference {
  readonly field: keyof Post
  readonly before: string | boolean | null
  readonly after: string | boolean | null
}

/** The requested version doesn't exist. `current` is the newest one, 0 if there's no post. */
export class UnknownVersionError extends Error {
  override readonly name = 'UnknownVersionError'
  readonly postId: string
  readonly version: number
  readonly current: number

  constructor(postId: string, version: number, current: number) {
    super(`Post ${postId} has no version ${version}: the newest is ${current}`)
    this.postId = postId
    this.version = version
    this.current = current
  }
}

// Task 1
export async function postAtVersion(_redis: Redis, _postId: string, _version: number): Promise<Post | null> {
  throw new Error('Not written yet: postAtVersion')
}

// Task 2
export async function postAtMoment(_redis: Redis, _postId: string, _moment: Date): Promise<PostAtVersion> {
  throw new Error('Not written yet: postAtMoment')
}

// Task 3
export async function listRevisions(_redis: Redis, _postId: string): Promise<readonly Revision[]> {
  throw new Error('Not written yet: listRevisions')
}

// Task 4
export async function compareVersions(
  _redis: Redis,
  _postId: string,
  _from: number,
  _to: number,
): Promise<readonly Difference[]> {
  throw new Error('Not written yet: compareVersions')
}
