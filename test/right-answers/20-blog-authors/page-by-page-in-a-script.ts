/** Moves the index page by page, with one script for each page. */
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'
import { type Clock, PostRefusedError } from '#built/18-blog'

export type PostCard = {
  readonly postId: string
  readonly title: string
  readonly author: string
  readonly publishedAt: string | null
}
export type Page = { readonly offset?: number; readonly limit?: number }

export const applyCardEvent = (card: PostCard | null, event: DomainEvent): PostCard | null => {
  const { title, author } = event.payload as { title?: string; author?: string }
  if (event.eventType === 'POST_CREATED' && card === null) {
    return { postId: event.entityId, title: title ?? '', author: author ?? '', publishedAt: null }
  }
  if (card === null) return null
  const changed = { ...card }
  if (event.eventType === 'POST_EDITED' && title !== undefined) changed.title = title
  if (event.eventType === 'POST_AUTHOR_CHANGED' && author !== undefined) changed.author = author
  if (event.eventType === 'POST_PUBLISHED') changed.publishedAt ??= event.timestamp
  return changed
}

const APPEND = `
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1][1]
if last ~= ARGV[1] then return 0 end
redis.call('XADD', KEYS[1], ARGV[2], 'event', ARGV[3])
return 1`

export const changeAuthor = async (
  redis: Redis,
  clock: Clock,
  postId: string,
  author: string,
): Promise<number> => {
  const key = `blog:post:${postId}`
  for (let attempt = 0; attempt < 10; attempt += 1) {
    let state: PostCard | null = null
    let version = 0
    let more = true
    while (more) {
      const page = await redis.xrange(key, `(${version}-0`, '+', 'COUNT', 400)
      for (const [, fields] of page) state = applyCardEvent(state, decodeEvent(fields[1] ?? ''))
      version += page.length
      more = page.length === 400
    }
    if (state === null) throw new PostRefusedError(postId, 'not-found')
    if (state.author === author) return version
    const input = { eventType: 'POST_AUTHOR_CHANGED', entityId: postId, payload: { author } }
    const text = encodeEvent(createEvent(input, clock))
    if ((await redis.eval(APPEND, 1, key, `${version}-0`, `${version + 1}-0`, text)) === 1) return version + 1
  }
  throw new Error(`${postId} had a conflict on every attempt`)
}

/** KEYS 1 card, 2 old list, 3 new list · ARGV 1 version read, 2 new version, 3 postId, 4 card as JSON, 5 score */
const MOVE = `
local version = redis.call('HGET', KEYS[1], 'version')
if (version or '0') ~= ARGV[1] then return 0 end
local card = cjson.decode(ARGV[4])
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'title', card.title, 'author', card.author)
redis.call('ZREM', KEYS[2], ARGV[3])
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[1], 'publishedAt', card.publishedAt)
  redis.call('ZADD', KEYS[3], ARGV[5], ARGV[3])
end
return 1`

export const updatePostIndex = async (redis: Redis, postId: string): Promise<number> => {
  const cardKey = `blog:card:${postId}`
  for (;;) {
    const row = await redis.hgetall(cardKey)
    const seen = Number(row.version ?? '0')
    const page = await redis.xrange(`blog:post:${postId}`, `(${seen}-0`, '+', 'COUNT', 400)
    if (page.length === 0) return seen
    const old: PostCard | null =
      seen === 0
        ? null
        : {
            postId,
            title: row.title ?? '',
            author: row.author ?? '',
            publishedAt: row.publishedAt ?? null,
          }
    const card = page.map(([, fields]) => decodeEvent(fields[1] ?? '')).reduce(applyCardEvent, old)
    if (card === null) return seen
    const lists = [`blog:author:${old?.author ?? card.author}`, `blog:author:${card.author}`]
    const score = card.publishedAt === null ? '' : +new Date(card.publishedAt)
    const values = [seen, seen + page.length, postId, JSON.stringify(card), score]
    await redis.eval(MOVE, 3, cardKey, ...lists, ...values)
  }
}

export const getPostsByAuthor = async (redis: Redis, author: string, page: Page = {}) => {
  const { offset = 0, limit = 20 } = page
  const list = `blog:author:${author}`
  const ids = await redis.zrange(list, offset, offset + limit - 1, 'REV')
  const cards: PostCard[] = []
  for (const postId of ids) {
    const { title = '', author: owner, publishedAt = null } = await redis.hgetall(`blog:card:${postId}`)
    if (owner === author) cards.push({ postId, title, author, publishedAt })
  }
  return cards
}

export const catchUpPosts = async (redis: Redis): Promise<void> => {
  for await (const keys of redis.scanStream({ match: 'blog:post:*', count: 100 })) {
    for (const key of keys as string[]) await updatePostIndex(redis, key.slice('blog:post:'.length))
  }
}

export const followPosts = async (
  redis: Redis,
  news: AsyncIterable<string>,
  onError: (error: unknown, postId: string) => void,
): Promise<void> => {
  await catchUpPosts(redis)
  for await (const postId of news) {
    await updatePostIndex(redis, postId).then(
      () => {},
      (error: unknown) => onError(error, postId),
    )
  }
}
