import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent } from '#built/01-events'
import { applyPostEvent, type Post } from '#built/18-blog'

export interface PostAtVersion {
  readonly post: Post | null
  readonly version: number
}
export interface Revision {
  readonly version: number
  readonly eventType: string
  readonly timestamp: string
  readonly at: string
}
export interface Difference {
  readonly field: keyof Post
  readonly before: string | boolean | null
  readonly after: string | boolean | null
}
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

const PAGE = 250
const FIELDS = ['title', 'content', 'author', 'published', 'createdAt', 'editedAt', 'publishedAt'] as const

type Step = { version: number; event: DomainEvent }
type Start = { version: number; post: Post | null }

const toMap = (flat: string[]) => {
  const map = new Map<string, string>()
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i] as string, flat[i + 1] as string)
  return map
}
const num = (id: string) => Number(id.split('-')[0])

async function* steps(
  redis: Redis,
  postId: string,
  after = 0,
  upTo: number | null = null,
): AsyncGenerator<Step> {
  let cursor = after
  const end = upTo === null ? '+' : `${upTo}-0`
  while (upTo === null || cursor < upTo) {
    const page = await redis.xrange(`blog:post:${postId}`, `(${cursor}-0`, end, 'COUNT', PAGE)
    if (page.length === 0) return
    for (const [id, fields] of page) {
      cursor = num(id)
      yield { version: cursor, event: decodeEvent(toMap(fields).get('event') as string) }
    }
  }
}

async function* snapshotsBack(redis: Redis, postId: string, from: string) {
  let max = from
  for (;;) {
    const page = await redis.xrevrange(`blog:snapshots:${postId}`, max, '-', 'COUNT', 100)
    for (const [id, fields] of page) {
      const f = toMap(fields)
      yield {
        version: num(id),
        until: Date.parse(f.get('until') as string),
        post: JSON.parse(f.get('state') as string) as Post | null,
      }
    }
    const last = page.at(-1)
    if (last === undefined || page.length < 100) return
    max = `(${last[0]}`
  }
}

async function known(redis: Redis, postId: string, version: number): Promise<void> {
  const [last] = await redis.xrevrange(`blog:post:${postId}`, '+', '-', 'COUNT', 1)
  const current = last ? num(last[0]) : 0
  if (!Number.isSafeInteger(version) || version < 0 || version > current)
    throw new UnknownVersionError(postId, version, current)
}

export async function postAtVersion(redis: Redis, postId: string, version: number): Promise<Post | null> {
  await known(redis, postId, version)
  let start: Start = { version: 0, post: null }
  for await (const s of snapshotsBack(redis, postId, `${version}-0`)) {
    start = s
    break
  }
  let { post } = start
  for await (const step of steps(redis, postId, start.version, version))
    post = applyPostEvent(post, step.event)
  return post
}

export async function postAtMoment(redis: Redis, postId: string, moment: Date): Promise<PostAtVersion> {
  const limit = moment.getTime()
  if (Number.isNaN(limit)) throw new RangeError('Invalid date')
  let at: Start = { version: 0, post: null }
  for await (const { version, until, post } of snapshotsBack(redis, postId, '+')) {
    if (until <= limit) {
      at = { version, post }
      break
    }
  }
  for await (const { version, event } of steps(redis, postId, at.version)) {
    if (Date.parse(event.timestamp) > limit) break
    at = { version, post: applyPostEvent(at.post, event) }
  }
  return at
}

export async function listRevisions(redis: Redis, postId: string): Promise<readonly Revision[]> {
  const revisions: Revision[] = []
  for await (const { version, event } of steps(redis, postId)) {
    const before = revisions.at(-1)?.at ?? ''
    const { eventType, timestamp } = event
    revisions.push({ version, eventType, timestamp, at: timestamp > before ? timestamp : before })
  }
  return revisions
}

export async function compareVersions(
  redis: Redis,
  postId: string,
  from: number,
  to: number,
): Promise<readonly Difference[]> {
  const [a, b] = await Promise.all([postAtVersion(redis, postId, from), postAtVersion(redis, postId, to)])
  return FIELDS.flatMap((field) => {
    const before = a?.[field] ?? null
    const after = b?.[field] ?? null
    return before === after ? [] : [{ field, before, after }]
  })
}
