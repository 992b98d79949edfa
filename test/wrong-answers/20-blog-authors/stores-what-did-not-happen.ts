// task: applyCardEvent and changeAuthor
// diagnosis: nothing happened
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'
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

/** A card, and how many events of its post are in it. */
interface CardAtVersion {
  readonly card: PostCard | null
  readonly version: number
}

const PAGE = 500
const ATTEMPTS = 10
const STREAMS = 'blog:post:'

const streamKey = (postId: string) => `${STREAMS}${postId}`
const cardKey = (postId: string) => `blog:card:${postId}`
const listKey = (author: string) => `blog:author:${author}`

/** The card after one more event. Pure. Types that mean nothing to a card leave it as it is. */
export function applyCardEvent(card: PostCard | null, event: DomainEvent): PostCard | null {
  const { payload, timestamp, entityId: postId } = event
  if (event.eventType === 'POST_CREATED') {
    return card ?? { postId, title: String(payload.title), author: String(payload.author), publishedAt: null }
  }
  if (card === null) return null
  switch (event.eventType) {
    case 'POST_EDITED':
      return { ...card, title: String(payload.title ?? card.title) }
    case 'POST_PUBLISHED':
      return { ...card, publishedAt: card.publishedAt ?? timestamp }
    case 'POST_AUTHOR_CHANGED':
      return { ...card, author: String(payload.author) }
    default:
      return card
  }
}

/** Card and version grow in one loop, from wherever one has come to. */
async function readOn(redis: Redis, postId: string, from: CardAtVersion): Promise<CardAtVersion> {
  let { card, version } = from
  for (;;) {
    const page = await redis.xrange(streamKey(postId), `(${version}-0`, '+', 'COUNT', PAGE)
    for (const [id, fields] of page) {
      card = applyCardEvent(card, decodeEvent(fields[fields.indexOf('event') + 1] ?? ''))
      version = Number.parseInt(id, 10)
    }
    if (page.length < PAGE) return { card, version }
  }
}

/** Hands a post over. Resolves to its version afterwards. @throws PostRefusedError not-found */
export async function changeAuthor(
  redis: Redis,
  clock: Clock,
  postId: string,
  author: string,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const { card, version } = await readOn(redis, postId, { card: null, version: 0 })
    if (card === null) throw new PostRefusedError(postId, 'not-found')
    const fact = { eventType: 'POST_AUTHOR_CHANGED', entityId: postId, payload: { author } }
    const event = encodeEvent(createEvent(fact, clock))
    try {
      await redis.xadd(streamKey(postId), `${version + 1}-0`, 'event', event)
      return version + 1
    } catch (error) {
      if (!isTaken(error) || attempt >= ATTEMPTS) throw error
    }
  }
}

/** Redis has no code for it, only this sentence. */
function isTaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('equal or smaller than the target stream top item')
}

/**
 * Moves a card forward and puts its post into the right list, if the card still is where the caller saw it.
 * KEYS  1 the card · 2 the list that the post was in · 3 the list of its author now
 * ARGV  1 version seen · 2 version now · 3 postId · 4 title · 5 author · 6 publishedAt, '' for a draft · 7 the same in ms
 * Replies 1, or 0 when the card has moved: nothing was changed then.
 */
const MOVE = `
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'title', ARGV[4], 'author', ARGV[5], 'version', ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[3])
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[1], 'publishedAt', ARGV[6])
  redis.call('ZADD', KEYS[3], ARGV[7], ARGV[3])
end
return 1`

/** Brings the index up to the last event of one post, from wherever it stands. Resolves to the version it is at. */
export async function updatePostIndex(redis: Redis, postId: string): Promise<number> {
  for (;;) {
    const before = await readCard(redis, postId)
    const { card, version } = await readOn(redis, postId, before)
    if (card === null || version === before.version) return version
    const { title, author, publishedAt } = card
    const keys = [cardKey(postId), listKey(before.card?.author ?? author), listKey(author)]
    const time = publishedAt === null ? ['', ''] : [publishedAt, Date.parse(publishedAt)]
    const values = [before.version, version, postId, title, author, ...time]
    // Somebody else was faster: go on from where the card is now.
    if ((await redis.eval(MOVE, 3, ...keys, ...values)) === 1) return version
  }
}

async function readCard(redis: Redis, postId: string): Promise<CardAtVersion> {
  const row = await redis.hgetall(cardKey(postId))
  return { card: toCard(postId, row), version: Number(row.version ?? 0) }
}

/** A missing hash is `{}` to Redis. */
function toCard(postId: string, row: Readonly<Record<string, string>>): PostCard | null {
  const { title, author, publishedAt = null } = row
  return title === undefined || author === undefined ? null : { postId, title, author, publishedAt }
}

/** The published posts of an author, newest publication first, from the index alone. */
export async function getPostsByAuthor(redis: Redis, author: string, page: Page = {}): Promise<PostCard[]> {
  const { offset = 0, limit = 20 } = page
  if (limit < 1) return []
  const ids = await redis.zrevrange(listKey(author), offset, offset + limit - 1)
  const cards = await Promise.all(ids.map((postId) => readCard(redis, postId)))
  // Between list and card a post may have been handed over.
  return cards.flatMap(({ card }) => (card?.author === author ? [card] : []))
}

/** For the start of a program: whatever was stored while nobody kept the index. */
export async function catchUpPosts(redis: Redis): Promise<void> {
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${STREAMS}*`, 'COUNT', 500)
    for (const key of keys) await updatePostIndex(redis, key.slice(STREAMS.length))
    cursor = next
  } while (cursor !== '0')
}

/** Keeps the index live: `news` gives the id of a post whenever something was stored for it. Ends when the news end. */
export async function followPosts(
  redis: Redis,
  news: AsyncIterable<string>,
  onError: OnIndexError,
): Promise<void> {
  await catchUpPosts(redis)
  for await (const postId of news) {
    try {
      await updatePostIndex(redis, postId)
    } catch (error) {
      // One post that cannot be brought up must not keep all others from it.
      onError(error, postId)
    }
  }
}
