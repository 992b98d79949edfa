import type { Redis } from 'ioredis'
import { decodeEvent } from '#built/01-events'
import { applyPostEvent, type Post } from '#built/18-blog'

export type PostAtVersion = { readonly post: Post | null; readonly version: number }
export type Revision = Readonly<Record<'eventType' | 'timestamp' | 'at', string>> & {
  readonly version: number
}
type Value = string | boolean | null
export type Difference = { readonly field: keyof Post; readonly before: Value; readonly after: Value }

export class UnknownVersionError extends Error {
  readonly postId: string
  readonly version: number
  readonly current: number
  constructor(postId: string, version: number, current: number) {
    super(`${postId} has no version ${version}`)
    Object.assign(this, { postId, version, current })
    this.postId = postId
    this.version = version
    this.current = current
  }
}

// KEYS post, snapshots · ARGV requested version (or ''), moment (or '') · replies current version, snapshot's version, its state
const START = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local current = last and tonumber(string.match(last[1], '^%d+')) or 0
local from = '+'
while true do
  local page = redis.call('XREVRANGE', KEYS[2], from, '-', 'COUNT', 10)
  for _, entry in ipairs(page) do
    local version = string.match(entry[1], '^%d+')
    local fields = {}
    for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
    if ARGV[1] ~= '' and tonumber(version) <= tonumber(ARGV[1]) then return {current, tonumber(version), fields.state} end
    if ARGV[2] ~= '' and fields['until'] <= ARGV[2] then return {current, tonumber(version), fields.state} end
    from = '(' .. entry[1]
  end
  if #page < 10 then return {current, 0, 'null'} end
end`

class Machine {
  readonly #redis: Redis
  readonly #postId: string
  constructor(redis: Redis, postId: string) {
    this.#redis = redis
    this.#postId = postId
  }
  async start(version: number | '', moment: string): Promise<[number, number, string]> {
    const keys = [`blog:post:${this.#postId}`, `blog:snapshots:${this.#postId}`]
    return (await this.#redis.eval(START, 2, ...keys, version, moment)) as [number, number, string]
  }
  async page(after: number, count = 200) {
    return (await this.#redis.xrange(`blog:post:${this.#postId}`, `(${after}-0`, '+', 'COUNT', count)).map(
      ([, fields], n) => ({ version: after + n + 1, event: decodeEvent(fields[1] ?? '') }),
    )
  }
}

export const postAtVersion = async (redis: Redis, postId: string, version: number): Promise<Post | null> => {
  const machine = new Machine(redis, postId)
  const whole = Number.isInteger(version) && version >= 0
  const [current, start, state] = await machine.start(whole ? version : 0, '')
  if (!whole || version > current) throw new UnknownVersionError(postId, version, current)
  let post = JSON.parse(state) as Post | null
  for (let at = start; at < version; ) {
    for (const { event } of await machine.page(at, Math.min(200, version - at))) {
      post = applyPostEvent(post, event)
      at += 1
    }
  }
  return post
}

export const postAtMoment = async (redis: Redis, postId: string, moment: Date): Promise<PostAtVersion> => {
  const machine = new Machine(redis, postId)
  const limit = moment.toISOString()
  const [, start, state] = await machine.start('', limit)
  let result: PostAtVersion = { post: JSON.parse(state), version: start }
  for (;;) {
    const page = await machine.page(result.version)
    for (const { version, event } of page) {
      if (event.timestamp > limit) return result
      result = { post: applyPostEvent(result.post, event), version }
    }
    if (page.length === 0) return result
  }
}

export const listRevisions = async (redis: Redis, postId: string): Promise<readonly Revision[]> => {
  const machine = new Machine(redis, postId)
  const list: Revision[] = []
  for (let page = await machine.page(0); page.length > 0; page = await machine.page(list.length)) {
    for (const { version, event } of page) {
      const { eventType, timestamp } = event
      const before = list.at(-1)?.at ?? timestamp
      list.push({ version, eventType, timestamp, at: before > timestamp ? before : timestamp })
    }
  }
  return list
}

export const compareVersions = async (
  redis: Redis,
  postId: string,
  from: number,
  to: number,
): Promise<readonly Difference[]> => {
  const old = await postAtVersion(redis, postId, from)
  const now = await postAtVersion(redis, postId, to)
  const fields: readonly (keyof Post)[] = [
    'title',
    'content',
    'author',
    'published',
    'createdAt',
    'editedAt',
    'publishedAt',
  ]
  return fields.flatMap((field) => {
    const [before, after] = [old?.[field] ?? null, now?.[field] ?? null]
    return before === after ? [] : [{ field, before, after }]
  })
}
