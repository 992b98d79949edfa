import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'
import { type Clock, PostRefusedError } from '#built/18-blog'

/** What a list shows for each post. */
export interface PostCard {
  readonly postId: string
  readonly title: string
  readonly author: string
  /** ISO 8601, from the event; null for a draft. */
  readonly publishedAt: string | null
}

export interface Page {
  /** How many of the newest posts to skip. Default: 0. */
  readonly offset?: number
  /** Maximum number of posts to return. Default: 20. */
  readonly limit?: number
}

export type OnIndexError = (error: unknown, postId: string) => void

/** A card, and how many of its post's events it reflects. */
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

/** Returns the card after one more event, as a pure function. Types that don't concern cards leave it as it is. */
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

/** Applies every event after `from.version`. Card and version change together, so they always match. */
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

/** Changes the author of a post. Resolves to its version afterward. @throws PostRefusedError not-found */
export async function changeAuthor(
  redis: Redis,
  clock: Clock,
  postId: string,
  author: string,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const { card, version } = await readOn(redis, postId, { card: null, version: 0 })
    if (card === null) throw new PostRefusedError(postId, 'not-found')
    if (card.author === author) return version
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

/** Redis has no error code for this, only this sentence. */
function isTaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('equal or smaller than the target stream top item')
}

/**
 * Moves a card forward and its post into the right list, if the card is still at the version the caller read.
 * KEYS  1 the card · 2 the list of the old author · 3 the list of the current author
 * ARGV  1 version read · 2 new version · 3 postId · 4 title · 5 author · 6 publishedAt, '' for a draft · 7 the same in ms
 * Replies 1, or 0 if the card is at another version; then nothing has changed.
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

/** Brings the index up to date with the last event of one post. Resolves to the version it's now at. */
export async function updatePostIndex(redis: Redis, postId: string): Promise<number> {
  for (;;) {
    const before = await readCard(redis, postId)
    const { card, version } = await readOn(redis, postId, before)
    if (card === null || version === before.version) return before.version
    const { title, author, publishedAt } = card
    const keys = [cardKey(postId), listKey(before.card?.author ?? author), listKey(author)]
    const time = publishedAt === null ? ['', ''] : [publishedAt, Date.parse(publishedAt)]
    const values = [before.version, version, postId, title, author, ...time]
    // If another writer was faster, start over with the card as it is now.
    if ((await redis.eval(MOVE, 3, ...keys, ...values)) === 1) return version
  }
}

async function readCard(redis: Redis, postId: string): Promise<CardAtVersion> {
  const row = await redis.hgetall(cardKey(postId))
  return { card: toCard(postId, row), version: Number(row.version ?? 0) }
}

/** Converts a hash to a card. For a hash that doesn't exist, `row` is `{}`. */
function toCard(postId: string, row: Readonly<Record<string, string>>): PostCard | null {
  const { title, author, publishedAt = null } = row
  return title === undefined || author === undefined ? null : { postId, title, author, publishedAt }
}

/** Returns the published posts of an author from the index alone, newest publication first. */
export async function getPostsByAuthor(redis: Redis, author: string, page: Page = {}): Promise<PostCard[]> {
  const { offset = 0, limit = 20 } = page
  if (limit < 1) return []
  const ids = await redis.zrevrange(listKey(author), offset, offset + limit - 1)
  const cards = await Promise.all(ids.map((postId) => readCard(redis, postId)))
  // A post's author may have changed between reading the list and reading the card.
  return cards.flatMap(({ card }) => (card?.author === author ? [card] : []))
}

/** Indexes everything that was stored while the index wasn't being updated. Call it when a program starts. */
export async function catchUpPosts(redis: Redis): Promise<void> {
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${STREAMS}*`, 'COUNT', 500)
    for (const key of keys) await updatePostIndex(redis, key.slice(STREAMS.length))
    cursor = next
  } while (cursor !== '0')
}

/** Keeps the index live: `news` yields a post's ID whenever something was stored for it. Resolves when `news` ends. */
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
      // One post that can't be updated must not keep the others from being updated.
      onError(error, postId)
    }
  }
}
