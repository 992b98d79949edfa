/** A class, WATCH on a separate connection, and a check of the version before any replay. */
import type { Redis } from 'ioredis'
import { decodeEvent } from '#built/01-events'
import * as posts from '#built/18-blog'

export interface PostAtVersion {
  readonly post: posts.Post | null
  readonly version: number
}
export interface Blog {
  createPost(postId: string, draft: posts.Draft): Promise<number>
  editPost(postId: string, changes: posts.Changes): Promise<number>
  publishPost(postId: string): Promise<number>
  settled(): Promise<void>
}
export type OnSnapshotError = (error: unknown, postId: string) => void

export async function readPost(redis: Redis, postId: string): Promise<PostAtVersion> {
  const [state, stored, reducer] = await redis.hmget(
    `blog:snapshot:${postId}`,
    'state',
    'version',
    'reducerVersion',
  )
  const usable = reducer === '1'
  let post: posts.Post | null = usable ? JSON.parse(state ?? 'null') : null
  let version = usable ? Number(stored) : 0
  let size = 0
  do {
    const entries = await redis.xrange(`blog:post:${postId}`, `${version + 1}-0`, '+', 'COUNT', 100)
    for (const [, fields] of entries) {
      post = posts.applyPostEvent(post, decodeEvent(String(fields[1])))
      version += 1
    }
    size = entries.length
  } while (size === 100)
  return { post, version }
}

export async function takeSnapshot(redis: Redis, postId: string): Promise<boolean> {
  const key = `blog:snapshot:${postId}`
  const own = redis.duplicate()
  try {
    for (;;) {
      await own.watch(key)
      const [stored, reducer] = await own.hmget(key, 'version', 'reducerVersion')
      if (Number(reducer ?? 0) > 1) return false
      const base = reducer === '1' ? Number(stored) : 0
      const { post, version } = await readPost(own, postId)
      if (version < base + 10) return false
      const done = await own
        .multi()
        .hset(key, { state: JSON.stringify(post), version, reducerVersion: 1 })
        .exec()
      if (done === null) continue
      for (const [error] of done) if (error) throw error
      return true
    }
  } finally {
    own.disconnect()
  }
}

class WatchfulBlog implements Blog {
  #open: Promise<unknown> = Promise.resolve()
  readonly #redis: Redis
  readonly #clock: posts.Clock
  readonly #onError: OnSnapshotError

  constructor(redis: Redis, clock: posts.Clock, onError: OnSnapshotError) {
    this.#redis = redis
    this.#clock = clock
    this.#onError = onError
  }

  async createPost(postId: string, draft: posts.Draft): Promise<number> {
    return this.#look(postId, await posts.createPost(this.#redis, this.#clock, postId, draft))
  }

  async editPost(postId: string, changes: posts.Changes): Promise<number> {
    return this.#look(postId, await posts.editPost(this.#redis, this.#clock, postId, changes))
  }

  async publishPost(postId: string): Promise<number> {
    return this.#look(postId, await posts.publishPost(this.#redis, this.#clock, postId))
  }

  async settled(): Promise<void> {
    await this.#open
  }

  #look(postId: string, version: number): number {
    // Snapshots run one after another. The chain never rejects, so it never breaks.
    this.#open = this.#open
      .then(() => takeSnapshot(this.#redis, postId))
      .catch((error: unknown) => this.#onError(error, postId))
    return version
  }
}

export function openBlog(redis: Redis, clock: posts.Clock, onError: OnSnapshotError): Blog {
  return new WatchfulBlog(redis, clock, onError)
}
