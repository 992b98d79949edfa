import { RedisCommandError, RedisSyntaxError, RedisValue } from 'js-redis-server/core'
import { reply } from './executor.mjs'
import { entryValue, NIL, streamCommand, text } from './stream-command.mjs'
import { entryAt, pendingKey, sortedPending } from './stream-data.mjs'
import { consumerOf, groupOf } from './stream-groups.mjs'
import { compareIds, FIRST_ID, readId, readRangeEnd, showId } from './stream-id.mjs'

const xpending = streamCommand('xpending', ['readonly'], (words, ctx, key) => {
  const name = words.next()
  const isSummary = words.left === 0
  let idle = 0
  if (words.takes('IDLE')) idle = words.integer()
  const filter = isSummary ? undefined : readPendingFilter(words)
  const group = groupOf(ctx, key, name)
  const pending = sortedPending(group)
  const nameOf = (id) => RedisValue.bulkString(group.consumers.get(id)?.name ?? Buffer.from(id, 'hex'))
  if (filter === undefined) {
    if (pending.length === 0) return reply.array([RedisValue.integer(0), NIL, NIL, RedisValue.nullArray()])
    const owners = [...new Set(pending.map(({ consumerId }) => consumerId))].sort()
    return reply.array([
      RedisValue.integer(pending.length),
      text(showId(pending[0].id)),
      text(showId(pending.at(-1).id)),
      RedisValue.array(
        owners.map((owner) => {
          const count = pending.filter(({ consumerId }) => consumerId === owner).length
          return RedisValue.array([nameOf(owner), text(String(count))])
        }),
      ),
    ])
  }
  const now = Date.now()
  const { start, end, count, consumer } = filter
  return reply.array(
    pending
      .filter(
        ({ id, consumerId, deliveredAt }) =>
          compareIds(id, start) >= 0 &&
          compareIds(id, end) <= 0 &&
          (consumer === undefined || consumerId === consumer.toString('hex')) &&
          now - deliveredAt >= idle,
      )
      .slice(0, count)
      .map(({ id, consumerId, deliveredAt, deliveryCount }) =>
        RedisValue.array([
          text(showId(id)),
          nameOf(consumerId),
          RedisValue.integer(Math.max(0, now - deliveredAt)),
          RedisValue.integer(deliveryCount),
        ]),
      ),
  )
})

function readPendingFilter(words) {
  if (words.left < 3 || words.left > 4) throw new RedisSyntaxError()
  const [startWord, endWord] = [words.next(), words.next()]
  const count = Math.max(0, words.integer())
  const start = readRangeEnd(startWord, true)
  const end = readRangeEnd(endWord, false)
  return { start, end, count, consumer: words.left === 0 ? undefined : words.next() }
}

const xclaim = streamCommand('xclaim', ['write', 'fast'], (words, ctx, key) => {
  const group = groupOf(ctx, key, words.next())
  const consumer = words.next()
  const minIdle = Math.max(0, words.integer('Invalid min-idle-time argument for XCLAIM'))
  const ids = []
  while (words.left > 0 && /^\d+(-\d+)?$/.test(words.peek())) ids.push(readId(words.next()))
  const now = Date.now()
  let deliveredAt = now
  let retries
  let isForced = false
  let isIdOnly = false
  let lastId
  while (words.left > 0) {
    if (words.takes('FORCE')) isForced = true
    else if (words.takes('JUSTID')) isIdOnly = true
    else if (words.left > 1 && words.takes('IDLE'))
      deliveredAt = now - words.integer('Invalid IDLE option argument for XCLAIM')
    else if (words.left > 1 && words.takes('TIME'))
      deliveredAt = words.integer('Invalid TIME option argument for XCLAIM')
    else if (words.left > 1 && words.takes('RETRYCOUNT'))
      retries = words.integer('Invalid RETRYCOUNT option argument for XCLAIM')
    else if (words.left > 1 && words.takes('LASTID')) lastId = readId(words.next())
    else throw new RedisCommandError(`Unrecognized XCLAIM option '${words.next()}'`)
  }
  if (lastId !== undefined && compareIds(lastId, group.lastDeliveredId) > 0) group.lastDeliveredId = lastId
  const stream = ctx.db.getStream(key)
  const claimed = ids.flatMap((id) => {
    const entry = entryAt(stream, id)
    let pending = group.pending.get(pendingKey(id))
    if (entry === undefined) {
      group.pending.delete(pendingKey(id))
      return []
    }
    if (pending === undefined) {
      if (!isForced) return []
      pending = { id, consumerId: undefined, deliveredAt: 0, deliveryCount: 1 }
      group.pending.set(pendingKey(id), pending)
    }
    if (pending.consumerId !== undefined && now - pending.deliveredAt < minIdle) return []
    pending.consumerId = consumerOf(group, consumer)
    pending.deliveredAt = Math.min(deliveredAt, now)
    if (retries !== undefined) pending.deliveryCount = retries
    else if (!isIdOnly) pending.deliveryCount += 1
    return [isIdOnly ? text(showId(id)) : entryValue(entry)]
  })
  return reply.array(claimed)
})

const xautoclaim = streamCommand('xautoclaim', ['write', 'fast'], (words, ctx, key) => {
  const [name, consumer] = [words.next(), words.next()]
  const minIdle = Math.max(0, words.integer('Invalid min-idle-time argument for XAUTOCLAIM'))
  const start = readRangeEnd(words.next(), true)
  let count = 100
  let isIdOnly = false
  while (words.left > 0) {
    if (words.left > 1 && words.takes('COUNT')) {
      count = words.integer('COUNT must be > 0')
      if (count < 1) throw new RedisCommandError('COUNT must be > 0')
    } else if (words.takes('JUSTID')) isIdOnly = true
    else throw new RedisSyntaxError()
  }
  const group = groupOf(ctx, key, name)
  const stream = ctx.db.getStream(key)
  const now = Date.now()
  const pending = sortedPending(group).filter(({ id }) => compareIds(id, start) >= 0)
  const claimed = []
  const deleted = []
  // Like Redis, it looks at ten for each one it may return, so a page may be empty without being the last.
  let looked = 0
  for (
    ;
    looked < pending.length && looked < count * 10 && claimed.length + deleted.length < count;
    looked += 1
  ) {
    const one = pending[looked]
    const entry = entryAt(stream, one.id)
    if (entry === undefined) {
      group.pending.delete(pendingKey(one.id))
      deleted.push(text(showId(one.id)))
    } else if (now - one.deliveredAt >= minIdle) {
      one.consumerId = consumerOf(group, consumer)
      one.deliveredAt = now
      if (!isIdOnly) one.deliveryCount += 1
      claimed.push(isIdOnly ? text(showId(one.id)) : entryValue(entry))
    }
  }
  const next = pending[looked]?.id ?? FIRST_ID
  return reply.array([text(showId(next)), RedisValue.array(claimed), RedisValue.array(deleted)])
})

export const streamPending = [xpending, xclaim, xautoclaim]
