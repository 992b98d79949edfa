import type { Redis } from 'ioredis'
import { decodeEvent } from '#built/01-events'
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
  readonly postId: string
  readonly version: number
  readonly current: number
  constructor(postId: string, version: number, current: number) {
    super('unknown version')
    this.postId = postId
    this.version = version
    this.current = current
  }
}

async function allRevisions(redis: Redis, postId: string, start = '-') {
  const revisions = []
  let from = start
  for (;;) {
    const page = await redis.xrange(`blog:post:${postId}`, from, '+', 'COUNT', 1000)
    if (page.length === 0) return revisions
    for (const [id, fields] of page) {
      revisions.push({ version: Number(id.split('-')[0]), event: decodeEvent(fields[1] ?? '') })
      from = `(${id}`
    }
  }
}

export async function postAtVersion(redis: Redis, postId: string, version: number): Promise<Post | null> {
  const [last] = await redis.xrevrange(`blog:post:${postId}`, '+', '-', 'COUNT', 1)
  const current = Number(last?.[0].split('-')[0] ?? 0)
  if (!(Number.isSafeInteger(version) && version >= 0 && version <= current)) {
    throw new UnknownVersionError(postId, version, current)
  }
  const [snapshot] = await redis.xrevrange(`blog:snapshots:${postId}`, `${version}-0`, '-', 'COUNT', 1)
  let post: Post | null = snapshot ? JSON.parse(snapshot[1][1] ?? '') : null
  const start = snapshot ? `(${snapshot[0]}` : '-'
  for (const one of await allRevisions(redis, postId, start)) {
    if (one.version <= version) post = applyPostEvent(post, one.event)
  }
  return post
}

/** Finds the version for the moment first, then the post at that version. */
export async function postAtMoment(redis: Redis, postId: string, moment: Date): Promise<PostAtVersion> {
  const time = moment.getTime()
  if (Number.isNaN(time)) throw new RangeError('Invalid date')
  const revisions = await listRevisions(redis, postId)
  const version = revisions.filter(({ at }) => Date.parse(at) <= time).length
  return { post: await postAtVersion(redis, postId, version), version }
}

export async function listRevisions(redis: Redis, postId: string): Promise<readonly Revision[]> {
  let at = ''
  return (await allRevisions(redis, postId)).map(({ version, event: { eventType, timestamp } }) => {
    at = [at, timestamp].sort()[1] ?? ''
    return { version, eventType, timestamp, at }
  })
}

export async function compareVersions(
  redis: Redis,
  postId: string,
  from: number,
  to: number,
): Promise<readonly Difference[]> {
  const [a, b] = await Promise.all([postAtVersion(redis, postId, from), postAtVersion(redis, postId, to)])
  const differences: Difference[] = []
  const names: (keyof Post)[] = [
    'title',
    'content',
    'author',
    'published',
    'createdAt',
    'editedAt',
    'publishedAt',
  ]
  for (const field of names) {
    const before = a === null ? null : a[field]
    const after = b === null ? null : b[field]
    if (before !== after) differences.push({ field, before, after })
  }
  return differences
}
