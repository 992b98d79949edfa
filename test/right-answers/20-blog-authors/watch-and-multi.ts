/** Uses WATCH and MULTI on a separate connection, ZRANGE … REV, and a pipeline to read the cards. */
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'
import { PostRefusedError } from '#built/18-blog'

export interface PostCard {
  readonly postId: string
  readonly title: string
  readonly author: string
  readonly publishedAt: string | null
}
export interface Page {
  readonly offset?: number
  readonly limit?: number
}

type Apply = (card: PostCard, event: DomainEvent) => PostCard
const CASES: Readonly<Record<string, Apply>> = {
  POST_EDITED: (card, { payload }) =>
    payload.title === undefined ? card : { ...card, title: `${payload.title}` },
  POST_PUBLISHED: (card, { timestamp }) =>
    card.publishedAt === null ? { ...card, publishedAt: timestamp } : card,
  POST_AUTHOR_CHANGED: (card, { payload }) => ({ ...card, author: `${payload.author}` }),
}

export function applyCardEvent(card: PostCard | null, event: DomainEvent): PostCard | null {
  if (card !== null) return CASES[event.eventType]?.(card, event) ?? card
  if (event.eventType !== 'POST_CREATED') return null
  const { title, author } = event.payload as { title: string; author: string }
  return { postId: event.entityId, title, author, publishedAt: null }
}

async function* eventsAfter(redis: Redis, postId: string, version: number) {
  let start = version
  for (;;) {
    const page = await redis.xrange(`blog:post:${postId}`, `${start + 1}-0`, '+', 'COUNT', 250)
    for (const [, fields] of page) yield decodeEvent(String(fields[1]))
    if (page.length < 250) return
    start += page.length
  }
}

export async function changeAuthor(redis: Redis, clock: () => Date, postId: string, author: string) {
  let refused: unknown
  for (let left = 10; left > 0; left -= 1) {
    let card: PostCard | null = null
    let version = 0
    for await (const event of eventsAfter(redis, postId, 0)) {
      card = applyCardEvent(card, event)
      version += 1
    }
    if (card === null) throw new PostRefusedError(postId, 'not-found')
    if (card.author === author) return version
    const event = createEvent(
      { eventType: 'POST_AUTHOR_CHANGED', entityId: postId, payload: { author } },
      clock,
    )
    try {
      await redis.xadd(`blog:post:${postId}`, `${version + 1}-0`, 'event', encodeEvent(event))
      return version + 1
    } catch (error) {
      if (!String(error).includes('equal or smaller')) throw error
      refused = error
    }
  }
  throw refused
}

export async function updatePostIndex(redis: Redis, postId: string): Promise<number> {
  const key = `blog:card:${postId}`
  const own = redis.duplicate()
  try {
    for (;;) {
      await own.watch(key)
      const row = await own.hgetall(key)
      const seen = Number(row.version ?? 0)
      let card: PostCard | null = null
      if (seen > 0) {
        const { title = '', author = '', publishedAt = null } = row
        card = { postId, title, author, publishedAt }
      }
      let version = seen
      for await (const event of eventsAfter(own, postId, seen)) {
        card = applyCardEvent(card, event)
        version += 1
      }
      if (card === null) return 0
      if (version === seen) return version
      const { title, author, publishedAt } = card
      const steps = own.multi().hset(key, { title, author, version })
      if (row.author !== undefined && row.author !== author) steps.zrem(`blog:author:${row.author}`, postId)
      if (publishedAt !== null) {
        steps.hset(key, 'publishedAt', publishedAt)
        steps.zadd(`blog:author:${author}`, new Date(publishedAt).getTime(), postId)
      }
      const replies = await steps.exec()
      if (replies === null) continue
      for (const [error] of replies) if (error) throw error
      return version
    }
  } finally {
    own.disconnect()
  }
}

export async function getPostsByAuthor(redis: Redis, author: string, page: Page = {}): Promise<PostCard[]> {
  const limit = page.limit ?? 20
  const offset = page.offset ?? 0
  const key = `blog:author:${author}`
  const ids = await redis.zrange(key, '+inf', '-inf', 'BYSCORE', 'REV', 'LIMIT', offset, limit)
  const pipeline = redis.pipeline()
  for (const id of ids) pipeline.hmget(`blog:card:${id}`, 'title', 'author', 'publishedAt')
  const cards: PostCard[] = []
  for (const [index, [error, row]] of ((await pipeline.exec()) ?? []).entries()) {
    if (error !== null) throw error
    const [title, owner, publishedAt] = row as (string | null)[]
    if (title == null || owner !== author) continue
    cards.push({ postId: String(ids[index]), title, author, publishedAt: publishedAt ?? null })
  }
  return cards
}

export async function catchUpPosts(redis: Redis): Promise<void> {
  const found = new Set<string>()
  for (let cursor = ''; cursor !== '0'; ) {
    const [next, keys] = await redis.scan(cursor || '0', 'MATCH', 'blog:post:*')
    for (const key of keys) found.add(key.replace('blog:post:', ''))
    cursor = next
  }
  await Promise.all([...found].map((postId) => updatePostIndex(redis, postId)))
}

export async function followPosts(
  redis: Redis,
  news: AsyncIterable<string>,
  onError: (error: unknown, postId: string) => void,
): Promise<void> {
  const source = news[Symbol.asyncIterator]()
  // Requested before catching up, so that a subscription that feeds it is open already.
  let next = source.next()
  await catchUpPosts(redis)
  for (let one = await next; one.done !== true; one = await next) {
    const postId = one.value
    await updatePostIndex(redis, postId).catch((error: unknown) => onError(error, postId))
    next = source.next()
  }
}
