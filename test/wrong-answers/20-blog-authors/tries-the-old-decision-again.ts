// task: applyCardEvent and changeAuthor
// diagnosis: it is bob’s by then
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'
import { type Clock, PostRefusedError } from '#built/18-blog'

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
export type OnIndexError = (error: unknown, postId: string) => void

type Mark = { card: PostCard | null; version: number }
const PAGE = 400
const PREFIX = 'blog:post:'
const cardKey = (postId: string) => `blog:card:${postId}`
const listKey = (author: string) => `blog:author:${author}`

export function applyCardEvent(card: PostCard | null, event: DomainEvent): PostCard | null {
  const { payload, timestamp } = event
  if (event.eventType === 'POST_CREATED') {
    if (card !== null) return card
    return {
      postId: event.entityId,
      title: String(payload.title),
      author: String(payload.author),
      publishedAt: null,
    }
  }
  if (card === null) return null
  if (event.eventType === 'POST_EDITED') {
    return typeof payload.title === 'string' ? { ...card, title: payload.title } : card
  }
  if (event.eventType === 'POST_PUBLISHED') return { ...card, publishedAt: card.publishedAt ?? timestamp }
  if (event.eventType === 'POST_AUTHOR_CHANGED') return { ...card, author: String(payload.author) }
  return card
}

async function readOn(redis: Redis, postId: string, from: Mark): Promise<Mark> {
  let { card, version } = from
  for (;;) {
    const page = await redis.xrange(PREFIX + postId, `(${version}-0`, '+', 'COUNT', PAGE)
    for (const [id, fields] of page) {
      card = applyCardEvent(card, decodeEvent(fields[fields.indexOf('event') + 1] as string))
      version = Number.parseInt(id, 10)
    }
    if (page.length < PAGE) return { card, version }
  }
}

export async function changeAuthor(
  redis: Redis,
  clock: Clock,
  postId: string,
  author: string,
): Promise<number> {
  let { card, version } = await readOn(redis, postId, { card: null, version: 0 })
  for (let tries = 0; ; ) {
    if (card === null) throw new PostRefusedError(postId, 'not-found')
    if (card.author === author) return version
    const event = createEvent(
      { eventType: 'POST_AUTHOR_CHANGED', entityId: postId, payload: { author } },
      clock,
    )
    try {
      await redis.xadd(PREFIX + postId, `${version + 1}-0`, 'event', encodeEvent(event))
      return version + 1
    } catch (error) {
      tries += 1
      version += 1
      if (tries === 10 || !/equal or smaller/.test((error as Error).message)) throw error
    }
  }
}

async function readCard(redis: Redis, postId: string): Promise<Mark> {
  const row = await redis.hgetall(cardKey(postId))
  if (row.version === undefined) return { card: null, version: 0 }
  const card = {
    postId,
    title: row.title as string,
    author: row.author as string,
    publishedAt: row.publishedAt ?? null,
  }
  return { card, version: Number(row.version) }
}

const SWAP = `
if (redis.call('HGET', KEYS[1], 'version') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'title', ARGV[3], 'author', ARGV[4], 'version', ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[5])
if ARGV[6] ~= '' then
  redis.call('HSET', KEYS[1], 'publishedAt', ARGV[6])
  redis.call('ZADD', KEYS[3], ARGV[7], ARGV[5])
end
return 1`

export async function updatePostIndex(redis: Redis, postId: string): Promise<number> {
  for (;;) {
    const old = await readCard(redis, postId)
    const { card, version } = await readOn(redis, postId, old)
    if (version === old.version || card === null) return version
    const at = card.publishedAt
    const done = await redis.eval(
      SWAP,
      3,
      cardKey(postId),
      listKey(old.card?.author ?? card.author),
      listKey(card.author),
      old.version,
      version,
      card.title,
      card.author,
      postId,
      at ?? '',
      at === null ? '' : Date.parse(at),
    )
    if (done === 1) return version
  }
}

export async function getPostsByAuthor(redis: Redis, author: string, page: Page = {}): Promise<PostCard[]> {
  const { offset = 0, limit = 20 } = page
  const ids = await redis.zrevrange(listKey(author), offset, offset + limit - 1)
  const cards = await Promise.all(ids.map(async (id) => (await readCard(redis, id)).card))
  return cards.filter((card): card is PostCard => card !== null && card.author === author)
}

export async function catchUpPosts(redis: Redis): Promise<void> {
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${PREFIX}*`, 'COUNT', 500)
    for (const key of keys) await updatePostIndex(redis, key.slice(PREFIX.length))
    cursor = next
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
