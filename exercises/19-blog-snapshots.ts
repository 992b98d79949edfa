// Lesson 19: blog snapshots. Read lessons/19-blog-snapshots.md. Leave the types below as they are.
import type { Redis } from 'ioredis'
import type { Changes, Clock, Draft, Post } from '#built/18-blog'

/** A post and the number of events in it, always from the same read. */
export interface PostAtVersion {
  readonly post: Post | null
  readonly version: number
}

/** The commands from lesson 18, which also take snapshots in the background. */
export interface Blog {
  createPost(postId: string, draft: Draft): Promise<number>
  editPost(postId: string, changes: Changes): Promise<number>
  publishPost(postId: string): Promise<number>
  /** Resolves when all snapshots started so far have succeeded or failed, so that a program can end. */
  settled(): Promise<void>
}

export type OnSnapshotError = (error: unknown, postId: string) => void

// Task 1
export async function readPost(_redis: Redis, _postId: string): Promise<PostAtVersion> {
  throw new Error('Not written yet: readPost')
}

// Task 2
export async function takeSnapshot(_redis: Redis, _postId: string): Promise<boolean> {
  throw new Error('Not written yet: takeSnapshot')
}

// Task 3
export function openBlog(_redis: Redis, _clock: Clock, _onError: OnSnapshotError): Blog {
  throw new Error('Not written yet: openBlog')
}
