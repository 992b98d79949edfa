// task: applyCardEvent and changeAuthor
// diagnosis: ended the watch of the other
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'
import { type Clock, PostRefusedError } from '#built/18-blog'

/** What a list shows of a post. */
export interface PostCard {
  readonly postId: string
  readonly title: string
  readonly author: string
  /** ISO 8601, from the event; null for a draft. */
  readonly publishedAt: string | null
}

export interface Page {
  /** How many of the newest to pass over, 0 unless told. */
  readonly offset?: number
  /** How many to give at most, 20 unless told. */
  readonly limit?: number
}

export type OnIndexError = (error: unknown, postId: string) => void

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
export const applyCardEvent = (
  card: PostCard | null,
  { eventType, entityId, payload, timestamp }: DomainEvent,
): PostCard | null => {
  if (card === null) {
    if (eventType !== 'POST_CREATED') return null
    return {
      postId: entityId,
      title: text(payload.title) ?? '',
      author: text(payload.author) ?? '',
      publishedAt: null,
    }
  }
  if (eventType === 'POST_EDITED' && 'title' in payload)
    return { ...card, title: text(payload.title) ?? card.title }
  if (eventType === 'POST_PUBLISHED' && card.publishedAt === null) return { ...card, publishedAt: timestamp }
  if (eventType === 'POST_AUTHOR_CHANGED') return { ...card, author: String(payload.author) }
  return card
}
const postKey = (id: string) => `blog:post:${id}`
const cardKey = (id: string) => `blog:card:${id}`
const listKey = (author: string) => `blog:author:${author}`
async function* eventsAfter(
  redis: Redis,
  postId: string,
  version: number,
): AsyncGenerator<[number, DomainEvent]> {
  for (let from = version; ; ) {
    const reply = await redis.xread('COUNT', 300, 'STREAMS', postKey(postId), `${from}-0`)
    if (reply === null) return
    for (const [id, fields] of reply[0]?.[1] ?? []) {
      from = Number(id.slice(0, -2))
      yield [from, decodeEvent(fields[1] ?? '')]
    }
  }
}
async function optimistic<T>(
  redis: Redis,
  key: string,
  tries: number,
  work: (own: Redis) => Promise<{ value: T; commit?: () => Promise<unknown[] | null> }>,
): Promise<T> {
  const own = redis
  try {
    for (let n = 0; n < tries; n++) {
      await own.watch(key)
      const { value, commit } = await work(own)
      if (commit === undefined) return value
      const replies = (await commit()) as [Error | null, unknown][] | null
      if (replies === null) continue
      for (const [error] of replies) if (error !== null) throw error
      return value
    }
    throw new Error(`${key} changes all the time`)
  } finally {
    await own.unwatch()
  }
}
export function changeAuthor(redis: Redis, clock: Clock, postId: string, author: string): Promise<number> {
  return optimistic(redis, postKey(postId), 10, async (own) => {
    let card: PostCard | null = null
    let version = 0
    for await (const [n, event] of eventsAfter(own, postId, 0)) {
      card = applyCardEvent(card, event)
      version = n
    }
    if (card === null) throw new PostRefusedError(postId, 'not-found')
    if (card.author === author) return { value: version }
    const event: DomainEvent = {
      eventId: randomUUID(),
      timestamp: clock().toISOString(),
      eventType: 'POST_AUTHOR_CHANGED',
      entityId: postId,
      payload: { author },
      metadata: {},
    }
    return {
      value: version + 1,
      commit: () =>
        own
          .multi()
          .xadd(postKey(postId), `${version + 1}-0`, 'event', encodeEvent(event))
          .exec(),
    }
  })
}
async function loadCard(redis: Redis, postId: string): Promise<[PostCard | null, number]> {
  const [title, author, version, publishedAt] = await redis.hmget(
    cardKey(postId),
    'title',
    'author',
    'version',
    'publishedAt',
  )
  if (title == null || author == null || version == null) return [null, 0]
  return [{ postId, title, author, publishedAt: publishedAt ?? null }, Number(version)]
}
export function updatePostIndex(redis: Redis, postId: string): Promise<number> {
  return optimistic(redis, cardKey(postId), 1_000, async (own) => {
    const [old, at] = await loadCard(own, postId)
    let card = old
    let version = at
    for await (const [n, event] of eventsAfter(own, postId, at)) {
      card = applyCardEvent(card, event)
      version = n
    }
    if (card === null || version === at) return { value: version }
    const { title, author, publishedAt } = card
    const tx = own
      .multi()
      .hset(cardKey(postId), { title, author, version, ...(publishedAt !== null && { publishedAt }) })
    if (old !== null && old.author !== author) tx.zrem(listKey(old.author), postId)
    if (publishedAt !== null) tx.zadd(listKey(author), new Date(publishedAt).getTime(), postId)
    return { value: version, commit: () => tx.exec() }
  })
}
export async function getPostsByAuthor(
  redis: Redis,
  author: string,
  { offset = 0, limit = 20 }: Page = {},
): Promise<PostCard[]> {
  const ids = await redis.zrange(listKey(author), offset, offset + limit - 1, 'REV')
  if (ids.length === 0) return []
  const pipeline = redis.pipeline()
  for (const id of ids) pipeline.hgetall(cardKey(id))
  const found: PostCard[] = []
  for (const [i, [error, row]] of ((await pipeline.exec()) ?? []).entries()) {
    if (error) throw error
    const { title, author: whose, publishedAt = null } = row as Partial<Record<string, string>>
    if (title === undefined || whose !== author) continue
    found.push({ postId: ids[i] as string, title, author, publishedAt })
  }
  return found
}
export async function catchUpPosts(redis: Redis): Promise<void> {
  const seen = new Set<string>()
  for await (const keys of redis.scanStream({ match: 'blog:post:*', count: 50 }) as AsyncIterable<string[]>)
    for (const key of keys) seen.add(key.replace(/^blog:post:/, ''))
  for (const id of seen) await updatePostIndex(redis, id)
}
export async function followPosts(
  redis: Redis,
  news: AsyncIterable<string>,
  onError: OnIndexError,
): Promise<void> {
  await catchUpPosts(redis)
  const iterator = news[Symbol.asyncIterator]()
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    const postId = next.value
    await updatePostIndex(redis, postId).catch((error: unknown) => onError(error, postId))
  }
}
