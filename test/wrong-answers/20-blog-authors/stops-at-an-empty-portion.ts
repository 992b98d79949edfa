// task: catchUpPosts and followPosts
// diagnosis: A portion of SCAN may hold no post
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

export function applyCardEvent(card: PostCard | null, event: DomainEvent): PostCard | null {
  const { title, author } = event.payload as { title?: string; author?: string }
  if (event.eventType === 'POST_CREATED')
    return (
      card ?? { postId: event.entityId, title: title as string, author: author as string, publishedAt: null }
    )
  if (card === null) return null
  switch (event.eventType) {
    case 'POST_EDITED':
      return { ...card, title: title ?? card.title }
    case 'POST_PUBLISHED':
      return { ...card, publishedAt: card.publishedAt ?? event.timestamp }
    case 'POST_AUTHOR_CHANGED':
      return { ...card, author: author as string }
    default:
      return card
  }
}
interface At {
  readonly card: PostCard | null
  readonly version: number
}
async function readOn(redis: Redis, postId: string, from: At): Promise<At> {
  let { card, version } = from
  for (;;) {
    const page = await redis.xrange(`blog:post:${postId}`, `(${version}-0`, '+', 'COUNT', 1000)
    for (const [id, fields] of page) {
      card = applyCardEvent(card, decodeEvent(fields[1] as string))
      version = Number.parseInt(id, 10)
    }
    if (page.length < 1000) return { card, version }
  }
}
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
    const event = createEvent(
      { eventType: 'POST_AUTHOR_CHANGED', entityId: postId, payload: { author } },
      clock,
    )
    try {
      await redis.xadd(`blog:post:${postId}`, `${version + 1}-0`, 'event', encodeEvent(event))
      return version + 1
    } catch (error) {
      if (attempt === 10 || !(error as Error).message.includes('equal or smaller')) throw error
    }
  }
}
function cardOf(postId: string, row: Record<string, string>): PostCard | null {
  if (row.version === undefined) return null
  return { postId, title: row.title ?? '', author: row.author ?? '', publishedAt: row.publishedAt ?? null }
}
const WRITE = `
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if version ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'title', ARGV[3], 'author', ARGV[4], 'version', ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[5])
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[1], 'publishedAt', ARGV[6])
  redis.call('ZADD', KEYS[3], ARGV[7], ARGV[5])
end
return 1
`
export async function updatePostIndex(redis: Redis, postId: string): Promise<number> {
  const key = `blog:card:${postId}`
  for (;;) {
    const row = await redis.hgetall(key)
    const old = { card: cardOf(postId, row), version: Number(row.version ?? 0) }
    const { card, version } = await readOn(redis, postId, old)
    if (card === null || version === old.version) return version
    const done = await redis.eval(
      WRITE,
      3,
      key,
      `blog:author:${old.card?.author ?? card.author}`,
      `blog:author:${card.author}`,
      old.version,
      version,
      card.title,
      card.author,
      postId,
      card.publishedAt ?? '',
      card.publishedAt === null ? 0 : Date.parse(card.publishedAt),
    )
    if (done === 1) return version
  }
}
export async function getPostsByAuthor(redis: Redis, author: string, page: Page = {}): Promise<PostCard[]> {
  const { offset = 0, limit = 20 } = page
  const ids = await redis.zrevrange(`blog:author:${author}`, offset, offset + limit - 1)
  const cards = await Promise.all(ids.map(async (id) => cardOf(id, await redis.hgetall(`blog:card:${id}`))))
  return cards.filter((card): card is PostCard => card !== null && card.author === author)
}
export async function catchUpPosts(redis: Redis): Promise<void> {
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', 'blog:post:*', 'COUNT', 100)
    for (const key of keys) await updatePostIndex(redis, key.slice('blog:post:'.length))
    cursor = next
    if (keys.length === 0) return
  } while (cursor !== '0')
}
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
      onError(error, postId)
    }
  }
}
