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

/** Version of the reducer. Increase it whenever `applyPostEvent` or the shape of a post changes. */
const REDUCER_VERSION = 1
const EVERY = 10
const PAGE = 500

const streamKey = (postId: string) => `blog:post:${postId}`
const snapshotKey = (postId: string) => `blog:snapshot:${postId}`

/**
 * Saves a snapshot, unless the stored one is from a newer reducer or is at least as recent.
 * KEYS  1 the snapshot's hash
 * ARGV  1 state · 2 version · 3 reducerVersion
 * Returns 1 if it was saved, and 0 if the stored snapshot stays.
 */
const SAVE = `
local stored = redis.call('HMGET', KEYS[1], 'version', 'reducerVersion')
local version, reducer = tonumber(stored[1] or ''), tonumber(stored[2] or '')
local myVersion, myReducer = tonumber(ARGV[2]), tonumber(ARGV[3])
if reducer and reducer > myReducer then return 0 end
if reducer == myReducer and version and version >= myVersion then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'version', ARGV[2], 'reducerVersion', ARGV[3])
return 1`

/** Resolves to the current post, from its snapshot and the events after it. */
export async function readPost(redis: Redis, postId: string): Promise<PostAtVersion> {
  return replay(redis, postId, await readSnapshot(redis, postId))
}

/** Checks in one round trip whether a snapshot is due, and then reads the state and its version together. */
export async function takeSnapshot(redis: Redis, postId: string): Promise<boolean> {
  if (!(await isDue(redis, postId))) return false
  const before = await readSnapshot(redis, postId)
  const { post, version } = await replay(redis, postId, before)
  if (version - before.version < EVERY) return false
  const values = [JSON.stringify(post), version, REDUCER_VERSION]
  return (await redis.eval(SAVE, 1, snapshotKey(postId), ...values)) === 1
}

async function isDue(redis: Redis, postId: string): Promise<boolean> {
  const replies = await redis
    .pipeline()
    .hmget(snapshotKey(postId), 'version', 'reducerVersion')
    .xrevrange(streamKey(postId), '+', '-', 'COUNT', 1)
    .exec()
  const [stored, last] = (replies ?? []).map(([error, reply]) => {
    if (error) throw error
    return reply
  }) as [(string | null)[], [string, string[]][]]
  const id = last[0]?.[0] ?? '0-0'
  const from = stored[1] === String(REDUCER_VERSION) ? Number(stored[0]) : 0
  return Number.parseInt(id, 10) - from >= EVERY
}

/** Resolves to version 0, the beginning, if there's no snapshot from this reducer. */
async function readSnapshot(redis: Redis, postId: string): Promise<PostAtVersion> {
  const { state, version, reducerVersion } = await redis.hgetall(snapshotKey(postId))
  if (state === undefined || reducerVersion !== String(REDUCER_VERSION)) return { post: null, version: 0 }
  return { post: JSON.parse(state) as Post, version: Number(version) }
}

/** Moves the post and the version forward in one loop, so that neither can be ahead of the other. */
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

/** Opens a blog. Its commands never wait for a snapshot, and a snapshot that fails only calls `onError`. */
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
