/** The whole decision in one script. Snapshots start in a later turn, unless no event was stored or a check is already waiting. */
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent } from '#built/01-events'
import type { Changes, Clock, Draft, Post } from '#built/18-blog'
import { applyPostEvent, createPost, editPost, publishPost } from '#built/18-blog'

export type PostAtVersion = { readonly post: Post | null; readonly version: number }
export type Blog = {
  createPost(postId: string, draft: Draft): Promise<number>
  editPost(postId: string, changes: Changes): Promise<number>
  publishPost(postId: string): Promise<number>
  settled(): Promise<void>
}
export type OnSnapshotError = (error: unknown, postId: string) => void

/** KEYS 1 snapshot, 2 stream · ARGV 1 page size. Returns [state or '', version, entry, entry, …], all from one moment. */
const OPEN = `
local at = redis.call('HMGET', KEYS[1], 'state', 'version', 'reducerVersion')
local version = at[3] == '1' and at[2] or '0'
local reply = { at[3] == '1' and at[1] or '', version }
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '(' .. version .. '-0', '+', 'COUNT', ARGV[1])) do
  reply[#reply + 1] = entry[2][2]
end
return reply`

/** KEYS 1 snapshot · ARGV 1 version, 2 state. Returns 1 if saved. */
const SAVE = `
local reducer = tonumber(redis.call('HGET', KEYS[1], 'reducerVersion') or '0')
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if reducer > 1 or (reducer == 1 and version >= tonumber(ARGV[1])) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'reducerVersion', 1, 'version', ARGV[1], 'state', ARGV[2])
return 1`

const PAGE = 200

async function load(redis: Redis, postId: string): Promise<PostAtVersion & { readonly from: number }> {
  const stream = `blog:post:${postId}`
  const reply = (await redis.eval(OPEN, 2, `blog:snapshot:${postId}`, stream, PAGE)) as string[]
  const [state = '', start = '0', ...texts] = reply
  const from = Number(start)
  const events: DomainEvent[] = texts.map((text) => decodeEvent(text))
  for (let full = texts.length === PAGE; full; ) {
    const page = await redis.xrange(stream, `(${from + events.length}-0`, '+', 'COUNT', PAGE)
    events.push(...page.map(([, fields]) => decodeEvent(fields[1] ?? '')))
    full = page.length === PAGE
  }
  const initial: Post | null = state === '' ? null : JSON.parse(state)
  return { post: events.reduce(applyPostEvent, initial), version: from + events.length, from }
}

export const readPost = async (redis: Redis, postId: string): Promise<PostAtVersion> => {
  const { post, version } = await load(redis, postId)
  return { post, version }
}

export const takeSnapshot = async (redis: Redis, postId: string): Promise<boolean> => {
  const { post, version, from } = await load(redis, postId)
  if (version < from + 10) return false
  const saved = await redis.eval(SAVE, 1, `blog:snapshot:${postId}`, version, JSON.stringify(post))
  return saved === 1
}

export const openBlog = (redis: Redis, clock: Clock, onError: OnSnapshotError): Blog => {
  const waiting = new Map<string, Promise<void>>()
  const begun: Promise<void>[] = []
  const look = (postId: string) => {
    if (waiting.has(postId)) return
    const turn = new Promise<void>((resolve) => setImmediate(resolve))
    const work = turn
      .then(() => {
        waiting.delete(postId)
        return takeSnapshot(redis, postId)
      })
      .then(
        () => {},
        (error: unknown) => onError(error, postId),
      )
    waiting.set(postId, work)
    begun.push(work)
  }
  const then = (postId: string) => (version: number) => {
    look(postId)
    return version
  }
  return {
    createPost: (postId, draft) => createPost(redis, clock, postId, draft).then(then(postId)),
    editPost: (postId, changes) => editPost(redis, clock, postId, changes).then(then(postId)),
    publishPost: (postId) => publishPost(redis, clock, postId).then(then(postId)),
    settled: async () => {
      await Promise.all(begun)
    },
  }
}
