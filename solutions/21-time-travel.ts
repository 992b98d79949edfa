import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent } from '#built/01-events'
import { applyPostEvent, type Post } from '#built/18-blog'

/** A post as it was, and the number of events it reflects. */
export interface PostAtVersion {
  readonly post: Post | null
  readonly version: number
}

/** `timestamp` is the event's own; `at` is the moment it counts from. */
export interface Revision {
  readonly version: number
  readonly eventType: string
  readonly timestamp: string
  readonly at: string
}

/** In a version without a post, each field is `null`. */
export interface Difference {
  readonly field: keyof Post
  readonly before: string | boolean | null
  readonly after: string | boolean | null
}

/** The requested version doesn't exist. `current` is the newest one, 0 if there's no post. */
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

/** A point in the history. `until` is the latest timestamp so far. If clocks differ, that may not be the last event's. */
interface Point extends PostAtVersion {
  readonly until: string
}

const BEGINNING: Point = { post: null, version: 0, until: '' }
const PAGE = 500
/** Snapshots per page. Each one holds a whole post, so it's fewer than PAGE. */
const SNAPSHOT_PAGE = 20
const FIELDS = ['title', 'content', 'author', 'published', 'createdAt', 'editedAt', 'publishedAt'] as const

const streamKey = (postId: string) => `blog:post:${postId}`
const snapshotsKey = (postId: string) => `blog:snapshots:${postId}`

/** Returns the post after its first `version` events, null for version 0. @throws UnknownVersionError */
export async function postAtVersion(redis: Redis, postId: string, version: number): Promise<Post | null> {
  const current = await currentVersion(redis, postId)
  if (!Number.isInteger(version) || version < 0 || version > current) {
    throw new UnknownVersionError(postId, version, current)
  }
  return (await travel(redis, postId, (point) => point.version <= version)).post
}

/**
 * Returns the post as it was at `moment`: all events before the first later one. The events after that one happened
 * later still, whatever their own clocks say. @throws RangeError for an invalid date
 */
export async function postAtMoment(redis: Redis, postId: string, moment: Date): Promise<PostAtVersion> {
  const limit = moment.toISOString()
  return travel(redis, postId, (point) => point.until <= limit)
}

/** Returns one revision for each event, oldest first. */
export async function listRevisions(redis: Redis, postId: string): Promise<readonly Revision[]> {
  const revisions: Revision[] = []
  for await (const { version, until, event } of walk(redis, postId, BEGINNING)) {
    revisions.push({ version, eventType: event.eventType, timestamp: event.timestamp, at: until })
  }
  return revisions
}

/** Returns the fields that differ between two versions, whatever happened in between. @throws UnknownVersionError */
export async function compareVersions(
  redis: Redis,
  postId: string,
  from: number,
  to: number,
): Promise<readonly Difference[]> {
  const old = await postAtVersion(redis, postId, from)
  const young = await postAtVersion(redis, postId, to)
  return FIELDS.map((field) => ({
    field,
    before: old?.[field] ?? null,
    after: young?.[field] ?? null,
  })).filter(({ before, after }) => before !== after)
}

async function currentVersion(redis: Redis, postId: string): Promise<number> {
  const [last] = await redis.xrevrange(streamKey(postId), '+', '-', 'COUNT', 1)
  return last === undefined ? 0 : Number.parseInt(last[0], 10)
}

/** Goes from the latest snapshot that fits to the last point that fits. After a point that doesn't fit, none does. */
async function travel(redis: Redis, postId: string, fits: (point: Point) => boolean): Promise<PostAtVersion> {
  const start = await latestSnapshot(redis, postId, fits)
  let { post, version } = start
  for await (const step of walk(redis, postId, start)) {
    if (!fits(step)) break
    post = step.post
    version = step.version
  }
  return { post, version }
}

async function latestSnapshot(redis: Redis, postId: string, fits: (point: Point) => boolean): Promise<Point> {
  for (let end = '+'; ; ) {
    const page = await redis.xrevrange(snapshotsKey(postId), end, '-', 'COUNT', SNAPSHOT_PAGE)
    for (const [id, fields] of page) {
      const field = (name: string) => fields[fields.indexOf(name) + 1] ?? ''
      const post = JSON.parse(field('state')) as Post
      const snapshot = { post, version: Number.parseInt(id, 10), until: field('until') }
      if (fits(snapshot)) return snapshot
      end = `(${id}`
    }
    if (page.length < SNAPSHOT_PAGE) return BEGINNING
  }
}

/** Yields each version after `from`, with the event that made it. If the caller stops, no more pages are read. */
async function* walk(
  redis: Redis,
  postId: string,
  from: Point,
): AsyncGenerator<Point & { event: DomainEvent }> {
  let { post, version, until } = from
  for (;;) {
    const page = await redis.xrange(streamKey(postId), `(${version}-0`, '+', 'COUNT', PAGE)
    for (const [id, fields] of page) {
      const event = decodeEvent(fields[fields.indexOf('event') + 1] ?? '')
      post = applyPostEvent(post, event)
      version = Number.parseInt(id, 10)
      if (event.timestamp > until) until = event.timestamp
      yield { post, version, until, event }
    }
    if (page.length < PAGE) return
  }
}
