// task: takeSnapshot
// diagnosis: at 90, over it
import type { Redis } from 'ioredis'
import { decodeEvent } from '#built/01-events'
import {
  applyPostEvent,
  type Changes,
  type Clock,
  createPost,
  type Draft,
  editPost,
  type Post,
  publishPost,
} from '#built/18-blog'

/** A post, and how many of its events are in it. They belong together. */
export interface PostAtVersion {
  readonly post: Post | null
  readonly version: number
}

/** The commands of lesson 18, which see to it that there are snapshots. */
export interface Blog {
  createPost(postId: string, draft: Draft): Promise<number>
  editPost(postId: string, changes: Changes): Promise<number>
  publishPost(postId: string): Promise<number>
  /** Resolves when all snapshots that were begun are done with, well or badly. For a program that wants to end. */
  settled(): Promise<void>
}

export type OnSnapshotError = (error: unknown, postId: string) => void

/** To be raised whenever `applyPostEvent` or the shape of a post changes. */
const REDUCER_VERSION = 1
const EVERY = 10
const PAGE = 500

const streamKey = (postId: string) => `blog:post:${postId}`
const snapshotKey = (postId: string) => `blog:snapshot:${postId}`

/** The post as it is now, from its snapshot and the events behind it. */
export async function readPost(redis: Redis, postId: string): Promise<PostAtVersion> {
  return replay(redis, postId, await readSnapshot(redis, postId))
}

/** Makes a snapshot if there are ten events or more behind the last one. True when it did. */
export async function takeSnapshot(redis: Redis, postId: string): Promise<boolean> {
  const before = await readSnapshot(redis, postId)
  const { post, version } = await replay(redis, postId, before)
  if (version - before.version < EVERY) return false
  const [stored, reducer] = await redis.hmget(snapshotKey(postId), 'version', 'reducerVersion')
  if (Number(reducer ?? 0) > REDUCER_VERSION) return false
  if (Number(reducer ?? 0) === REDUCER_VERSION && Number(stored) >= version) return false
  const fields = { state: JSON.stringify(post), version, reducerVersion: REDUCER_VERSION }
  await redis.hset(snapshotKey(postId), fields)
  return true
}

/** Version 0, the beginning, when there is no snapshot that this reducer has made. */
async function readSnapshot(redis: Redis, postId: string): Promise<PostAtVersion> {
  const { state, version, reducerVersion } = await redis.hgetall(snapshotKey(postId))
  if (state === undefined || reducerVersion !== String(REDUCER_VERSION)) return { post: null, version: 0 }
  return { post: JSON.parse(state) as Post, version: Number(version) }
}

/** Post and version move on in one loop, so that neither can be ahead of the other. */
async function replay(redis: Redis, postId: string, from: PostAtVersion): Promise<PostAtVersion> {
  let { post, version } = from
  for (;;) {
    const page = await redis.xrange(streamKey(postId), `(${version}-0`, '+', 'COUNT', PAGE)
    for (const [id, fields] of page) {
      post = applyPostEvent(post, decodeEvent(fields[fields.indexOf('event') + 1] ?? ''))
      version = Number.parseInt(id, 10)
    }
    if (page.length < PAGE) return { post, version }
  }
}

/** A snapshot is never the author's business: she does not wait for it, and its failure is told to `onError` alone. */
export function openBlog(redis: Redis, clock: Clock, onError: OnSnapshotError): Blog {
  const running = new Set<Promise<void>>()

  async function snapshot(postId: string): Promise<void> {
    try {
      await takeSnapshot(redis, postId)
    } catch (error) {
      onError(error, postId)
    }
  }

  async function after(postId: string, command: Promise<number>): Promise<number> {
    const version = await command
    const work = snapshot(postId)
    running.add(work)
    void work.finally(() => running.delete(work))
    return version
  }

  return {
    createPost: (postId, draft) => after(postId, createPost(redis, clock, postId, draft)),
    editPost: (postId, changes) => after(postId, editPost(redis, clock, postId, changes)),
    publishPost: (postId) => after(postId, publishPost(redis, clock, postId)),
    async settled() {
      await Promise.all(running)
    },
  }
}
