// task: compareVersions
// diagnosis: takes both for the same
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent } from '#built/01-events'
import { applyPostEvent, type Post } from '#built/18-blog'

/** A post as it was, and how many of its events are in it. */
export interface PostAtVersion {
  readonly post: Post | null
  readonly version: number
}

/** `timestamp` is what the event says; `at` is the moment from which it counts. */
export interface Revision {
  readonly version: number
  readonly eventType: string
  readonly timestamp: string
  readonly at: string
}

/** `null` stands for a field of a post that was not there. */
export interface Difference {
  readonly field: keyof Post
  readonly before: string | boolean | null
  readonly after: string | boolean | null
}

/** Nobody can look at a version that never was. `current` is the newest one, 0 for no post. */
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

const numberOf = (id: string) => Number.parseInt(id, 10)
const fieldOf = (fields: string[], name: string) => fields[fields.indexOf(name) + 1] as string
async function current(redis: Redis, postId: string): Promise<number> {
  const [last] = await redis.xrevrange(`blog:post:${postId}`, '+', '-', 'COUNT', 1)
  return last ? numberOf(last[0]) : 0
}
async function* events(
  redis: Redis,
  postId: string,
  after: number,
  end = '+',
): AsyncGenerator<readonly [number, DomainEvent]> {
  let at = after
  for (;;) {
    const page = await redis.xrange(`blog:post:${postId}`, `(${at}-0`, end, 'COUNT', 1000)
    for (const [id, fields] of page) {
      at = numberOf(id)
      yield [at, decodeEvent(fieldOf(fields, 'event'))]
    }
    if (page.length < 1000) return
  }
}
export async function postAtVersion(redis: Redis, postId: string, version: number): Promise<Post | null> {
  const newest = await current(redis, postId)
  if (!Number.isInteger(version) || version < 0 || version > newest)
    throw new UnknownVersionError(postId, version, newest)
  if (version === 0) return null
  const [snapshot] = await redis.xrevrange(`blog:snapshots:${postId}`, `${version}-0`, '-', 'COUNT', 1)
  let post: Post | null = snapshot ? JSON.parse(fieldOf(snapshot[1], 'state')) : null
  const start = snapshot ? numberOf(snapshot[0]) : 0
  if (start === version) return post
  for await (const [, event] of events(redis, postId, start, `${version}-0`))
    post = applyPostEvent(post, event)
  return post
}
async function snapshotBefore(redis: Redis, postId: string, moment: string): Promise<PostAtVersion> {
  let end = '+'
  for (;;) {
    const page = await redis.xrevrange(`blog:snapshots:${postId}`, end, '-', 'COUNT', 100)
    for (const [id, fields] of page) {
      if (fieldOf(fields, 'until') <= moment)
        return { post: JSON.parse(fieldOf(fields, 'state')), version: numberOf(id) }
      end = `(${id}`
    }
    if (page.length === 0) return { post: null, version: 0 }
  }
}
export async function postAtMoment(redis: Redis, postId: string, moment: Date): Promise<PostAtVersion> {
  const limit = moment.toISOString()
  let { post, version } = await snapshotBefore(redis, postId, limit)
  for await (const [n, event] of events(redis, postId, version)) {
    if (event.timestamp > limit) break
    post = applyPostEvent(post, event)
    version = n
  }
  return { post, version }
}
export async function listRevisions(redis: Redis, postId: string): Promise<readonly Revision[]> {
  const revisions: Revision[] = []
  let latest = ''
  for await (const [version, { eventType, timestamp }] of events(redis, postId, 0)) {
    if (timestamp > latest) latest = timestamp
    revisions.push({ version, eventType, timestamp, at: latest })
  }
  return revisions
}
const FIELDS = ['title', 'content', 'author', 'published', 'createdAt', 'editedAt', 'publishedAt'] as const
export async function compareVersions(
  redis: Redis,
  postId: string,
  from: number,
  to: number,
): Promise<readonly Difference[]> {
  const old = await postAtVersion(redis, postId, from)
  const now = await postAtVersion(redis, postId, to)
  const differences: Difference[] = []
  for (const field of FIELDS) {
    const before = old?.[field] || null
    const after = now?.[field] || null
    if (before !== after) differences.push({ field, before, after })
  }
  return differences
}
