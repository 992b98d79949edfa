import { defineCommand, RedisCommandError, RedisSyntaxError, RedisValue, t } from 'js-redis-server/core'
import { isScript, reply } from './executor.mjs'
import { entryValue, streamCommand } from './stream-command.mjs'
import { positionOf } from './stream-data.mjs'
import { FIRST_ID, idAfter, LAST_ID, readId, readRangeEnd } from './stream-id.mjs'
import { blockedInScript, keysOfStreams, readStreams, waitFor } from './stream-waiting.mjs'
import { Words } from './stream-words.mjs'

const xlen = streamCommand('xlen', ['readonly', 'fast'], (_words, ctx, key) =>
  reply.integer(ctx.db.getStream(key)?.entries.length ?? 0),
)

const xrange = rangeCommand('xrange', false)
const xrevrange = rangeCommand('xrevrange', true)

function rangeCommand(name, isBackwards) {
  return streamCommand(name, ['readonly'], (words, ctx, key) => {
    const ends = [words.next(), words.next()]
    const start = readRangeEnd(isBackwards ? ends[1] : ends[0], true)
    const end = readRangeEnd(isBackwards ? ends[0] : ends[1], false)
    let count = -1
    while (words.left > 0) {
      if (words.left === 1 || !words.takes('COUNT')) throw new RedisSyntaxError()
      count = Math.max(0, words.integer())
    }
    const stream = ctx.db.getStream(key)
    if (stream === null) return reply.array([])
    if (count === 0) return reply.nilArray()
    return reply.array(range(stream, start, end, count, isBackwards).map(entryValue))
  })
}

/** At most `count` entries, or all of them for -1. */
export function range(stream, start, end, count, isBackwards = false) {
  const from = positionOf(stream, start)
  const after = idAfter(end)
  const to = after === undefined ? stream.entries.length : positionOf(stream, after)
  const most = count < 0 ? to - from : Math.min(count, to - from)
  if (most <= 0) return []
  if (!isBackwards) return stream.entries.slice(from, from + most)
  return stream.entries.slice(to - most, to).reverse()
}

const xread = defineCommand({
  name: 'xread',
  schema: t.object({ words: t.variadic(t.bulk()) }),
  flags: ['readonly', 'blocking'],
  keys: keysOfStreams,
  execute: ({ words }, ctx) => {
    const { count, block, keys, ids } = readStreams(new Words(words), 'xread', (read) => {
      if (read.peek() === 'GROUP' || read.peek() === 'NOACK') {
        throw new RedisCommandError(
          read.peek() === 'GROUP'
            ? 'The GROUP option is only supported by XREADGROUP. You called XREAD instead.'
            : 'The NOACK option is only supported by XREADGROUP. You called XREAD instead.',
        )
      }
      return false
    })
    const after = ids.map((id, at) => {
      if (id.toString() === '$') return ctx.db.getStream(keys[at])?.lastId ?? FIRST_ID
      if (id.toString() === '>') {
        throw new RedisCommandError(
          'The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
        )
      }
      return readId(id)
    })
    const read = () => {
      const found = keys.flatMap((key, at) => {
        const stream = ctx.db.getStream(key)
        const start = idAfter(after[at])
        const entries =
          stream === null || start === undefined ? [] : range(stream, start, LAST_ID, count || -1)
        return entries.length === 0
          ? []
          : [[RedisValue.bulkString(key), RedisValue.array(entries.map(entryValue))]]
      })
      return found.length === 0 ? undefined : reply.pairs(found)
    }
    if (block !== undefined && isScript(ctx)) throw blockedInScript('XREAD')
    return read() ?? (block === undefined ? reply.nilArray() : waitFor(keys, block, ctx, read))
  },
})

export const streamReads = [xlen, xrange, xrevrange, xread]
