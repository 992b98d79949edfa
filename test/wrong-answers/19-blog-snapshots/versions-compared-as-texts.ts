// task: takeSnapshot
// diagnosis: as a text 100 is less than 90
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

const REDUCER = 1
async function fromSnapshot(redis: Redis, postId: string): Promise<PostAtVersion> {
  const { state, version, reducerVersion } = await redis.hgetall(`blog:snapshot:${postId}`)
  if (Number(reducerVersion) !== REDUCER || state === undefined) return { post: null, version: 0 }
  return { post: JSON.parse(state) as Post, version: Number(version) }
}
async function replay(redis: Redis, postId: string, from: PostAtVersion): Promise<PostAtVersion> {
  let { post, version } = from
  for (;;) {
    const page = await redis.xrange(`blog:post:${postId}`, `(${version}-0`, '+', 'COUNT', 1000)
    for (const [id, fields] of page) {
      post = applyPostEvent(post, decodeEvent(fields[1] as string))
      version = Number.parseInt(id, 10)
    }
    if (page.length < 1000) return { post, version }
  }
}
export async function readPost(redis: Redis, postId: string): Promise<PostAtVersion> {
  return replay(redis, postId, await fromSnapshot(redis, postId))
}
const SAVE = `
local v = redis.call('HGET', KEYS[1], 'version')
local r = redis.call('HGET', KEYS[1], 'reducerVersion')
if r then
  if tonumber(r) > tonumber(ARGV[3]) then return 0 end
  if tonumber(r) == tonumber(ARGV[3]) and v >= ARGV[2] then return 0 end
end
redis.call('HSET', KEYS[1], 'state', ARGV[1], 'version', ARGV[2], 'reducerVersion', ARGV[3])
return 1
`
export async function takeSnapshot(redis: Redis, postId: string): Promise<boolean> {
  const stored = await redis.hget(`blog:snapshot:${postId}`, 'reducerVersion')
  if (stored !== null && Number(stored) > REDUCER) return false
  const from = await fromSnapshot(redis, postId)
  const now = await replay(redis, postId, from)
  if (now.version - from.version < 10) return false
  return (
    (await redis.eval(SAVE, 1, `blog:snapshot:${postId}`, JSON.stringify(now.post), now.version, REDUCER)) ===
    1
  )
}
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
    createPost: (postId: string, draft: Draft) => after(postId, createPost(redis, clock, postId, draft)),
    editPost: (postId: string, changes: Changes) => after(postId, editPost(redis, clock, postId, changes)),
    publishPost: (postId: string) => after(postId, publishPost(redis, clock, postId)),
    async settled() {
      await Promise.all(running)
    },
  }
}
