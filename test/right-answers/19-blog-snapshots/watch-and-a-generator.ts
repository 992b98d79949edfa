import type { Redis } from 'ioredis'
import { decodeEvent } from '#built/01-events'
import type { Changes, Clock, Draft, Post } from '#built/18-blog'
import * as blog from '#built/18-blog'

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

const keys = (id: string) => ({ stream: `blog:post:${id}`, snapshot: `blog:snapshot:${id}` })
async function snapshotAt(
  redis: Redis,
  postId: string,
): Promise<(PostAtVersion & { reducer: number }) | null> {
  const [state, version, reducer] = await redis.hmget(
    keys(postId).snapshot,
    'state',
    'version',
    'reducerVersion',
  )
  if (state == null || version == null || reducer == null) return null
  return {
    post: reducer === '1' ? JSON.parse(state) : null,
    version: Number(version),
    reducer: Number(reducer),
  }
}
async function* tail(redis: Redis, postId: string, after: number) {
  let from = `(${after}-0`
  while (true) {
    const page = await redis.xrange(keys(postId).stream, from, '+', 'COUNT', 200)
    if (page.length === 0) return
    for (const [id, [, text]] of page) {
      yield { version: Number(id.split('-')[0]), event: decodeEvent(text ?? '') }
      from = `(${id}`
    }
  }
}
export async function readPost(redis: Redis, postId: string): Promise<PostAtVersion> {
  const snapshot = await snapshotAt(redis, postId)
  let at: PostAtVersion =
    snapshot?.reducer === 1 ? { post: snapshot.post, version: snapshot.version } : { post: null, version: 0 }
  for await (const { version, event } of tail(redis, postId, at.version))
    at = { version, post: blog.applyPostEvent(at.post, event) }
  return at
}
export async function takeSnapshot(redis: Redis, postId: string): Promise<boolean> {
  const own = redis.duplicate()
  try {
    for (;;) {
      await own.watch(keys(postId).snapshot)
      const stored = await snapshotAt(own, postId)
      if (stored !== null && stored.reducer > 1) return false
      const base = stored?.reducer === 1 ? stored.version : 0
      const now = await readPost(own, postId)
      if (now.version < base + 10) return false
      const done = await own
        .multi()
        .del(keys(postId).snapshot)
        .hset(keys(postId).snapshot, {
          state: JSON.stringify(now.post),
          version: now.version,
          reducerVersion: 1,
        })
        .exec()
      if (done === null) continue
      for (const [error] of done) if (error) throw error
      return true
    }
  } finally {
    own.disconnect()
  }
}
class SnapshottingBlog implements Blog {
  readonly #redis: Redis
  readonly #clock: Clock
  readonly #onError: OnSnapshotError
  #chain: Promise<unknown> = Promise.resolve()
  constructor(redis: Redis, clock: Clock, onError: OnSnapshotError) {
    this.#redis = redis
    this.#clock = clock
    this.#onError = onError
  }
  createPost(postId: string, draft: Draft) {
    return this.#watch(postId, blog.createPost(this.#redis, this.#clock, postId, draft))
  }
  editPost(postId: string, changes: Changes) {
    return this.#watch(postId, blog.editPost(this.#redis, this.#clock, postId, changes))
  }
  publishPost(postId: string) {
    return this.#watch(postId, blog.publishPost(this.#redis, this.#clock, postId))
  }
  async settled(): Promise<void> {
    await this.#chain
  }
  async #watch(postId: string, stored: Promise<number>): Promise<number> {
    const version = await stored
    this.#chain = this.#chain
      .then(() => takeSnapshot(this.#redis, postId))
      .catch((error) => this.#onError(error, postId))
    return version
  }
}
export const openBlog = (redis: Redis, clock: Clock, onError: OnSnapshotError): Blog =>
  new SnapshottingBlog(redis, clock, onError)
