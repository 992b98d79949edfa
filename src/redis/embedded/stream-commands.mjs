import {
  defineCommand,
  NoSuchKeyError,
  RedisCommandError,
  RedisSyntaxError,
  RedisValue,
  StreamIdEqualOrSmallerError,
  StreamIdNotGreaterThanZeroError,
  StreamLimitRequiresApproxError,
  t,
  WrongNumberOfArgumentsError,
} from 'js-redis-server/core'
import { isScript, reply } from './executor.mjs'
import { append, positionOf, removeEntries, trim } from './stream-data.mjs'
import { compareIds, FIRST_ID, idAfter, LAST_ID, readId, readRangeEnd, showId } from './stream-id.mjs'
import { Words } from './stream-words.mjs'

/** A command that gets its words as they came: `run(words, ctx, key)`, with the key read already. */
export function streamCommand(name, flags, run) {
  return defineCommand({
    name,
    schema: t.object({ words: t.variadic(t.bulk()) }),
    flags,
    keys: ({ words }) => [words[0]],
    execute: ({ words }, ctx) => {
      const read = new Words(words)
      const key = read.next()
      return run(read, ctx, key)
    },
  })
}

export function text(value) {
  return RedisValue.bulkString(Buffer.from(value))
}

export const NIL = RedisValue.bulkString(null)

export function entryValue({ id, fields }) {
  return RedisValue.array([
    text(showId(id)),
    RedisValue.array(fields.map((field) => RedisValue.bulkString(field))),
  ])
}

const xadd = streamCommand('xadd', ['write', 'denyoom', 'fast'], (words, ctx, key) => {
  let makes = true
  let spec
  for (;;) {
    if (words.left > 1 && words.takes('NOMKSTREAM')) makes = false
    else if (words.left > 1 && isStrategy(words.peek())) spec = readTrim(words, spec)
    else if (words.left > 1 && words.takes('LIMIT')) spec = withLimit(spec, words)
    else break
  }
  checkLimit(spec)
  const token = words.next().toString()
  const isOpen = /^(\*|\d+-\*)$/.test(token)
  const wanted = isOpen ? undefined : readId(token)
  const milliseconds = isOpen && token !== '*' ? readId(token.slice(0, -2)).ms : undefined
  const fields = words.rest()
  if (fields.length === 0 || fields.length % 2 === 1) throw new WrongNumberOfArgumentsError('xadd')
  if (wanted !== undefined && compareIds(wanted, FIRST_ID) === 0) throw new StreamIdNotGreaterThanZeroError()
  if (!makes && ctx.db.getStream(key) === null) return reply.nil()
  const id = ctx.db.updateStream(key, (tracked) => {
    const { lastId } = tracked.value
    if (compareIds(lastId, LAST_ID) === 0) {
      throw new RedisCommandError('The stream has exhausted the last possible ID, unable to add more items')
    }
    const next = wanted ?? nextId(lastId, milliseconds)
    if (next === undefined || compareIds(next, lastId) <= 0) throw new StreamIdEqualOrSmallerError()
    append(tracked.value, next, fields)
    if (spec !== undefined) trim(tracked.value, spec)
    tracked.tracker.markChanged()
    return next
  })
  return reply.text(showId(id))
})

function nextId(last, milliseconds) {
  if (milliseconds === undefined) {
    const now = BigInt(Date.now())
    return now > last.ms ? { ms: now, seq: 0n } : idAfter(last)
  }
  if (milliseconds > last.ms) return { ms: milliseconds, seq: 0n }
  const after = idAfter(last)
  return milliseconds === last.ms && after?.ms === milliseconds ? after : undefined
}

const xtrim = streamCommand('xtrim', ['write'], (words, ctx, key) => {
  let spec
  while (words.left > 0) {
    if (isStrategy(words.peek())) spec = readTrim(words, spec)
    else if (words.takes('LIMIT')) spec = withLimit(spec, words)
    else throw new RedisSyntaxError()
  }
  if (spec?.strategy === undefined) {
    throw new RedisCommandError('syntax error, XTRIM must be called with a valid trim strategy')
  }
  checkLimit(spec)
  if (ctx.db.getStream(key) === null) return reply.integer(0)
  const gone = ctx.db.updateStream(key, (tracked) => {
    const removed = trim(tracked.value, spec)
    if (removed > 0) tracked.tracker.markChanged()
    return removed
  })
  return reply.integer(gone)
})

function isStrategy(word) {
  return word === 'MAXLEN' || word === 'MINID'
}

function readTrim(words, before) {
  if (before?.strategy !== undefined) {
    throw new RedisCommandError('syntax error, MAXLEN and MINID options at the same time are not compatible')
  }
  const strategy = words.next().toString().toUpperCase()
  const isRough = words.left > 1 && words.takes('~')
  if (!isRough && words.left > 1) words.takes('=')
  if (strategy === 'MINID') return { ...before, strategy, isRough, threshold: readId(words.next()) }
  const threshold = words.integer()
  if (threshold < 0) throw new RedisCommandError('The MAXLEN argument must be >= 0.')
  return { ...before, strategy, isRough, threshold }
}

function withLimit(spec, words) {
  const limit = words.integer()
  if (limit < 0) throw new RedisCommandError('The LIMIT argument must be >= 0.')
  return { ...spec, limit }
}

function checkLimit(spec) {
  if (spec?.limit !== undefined && spec.isRough !== true) throw new StreamLimitRequiresApproxError()
}

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

/** At most `count` entries, all of them for -1. */
export function range(stream, start, end, count, isBackwards = false) {
  const from = positionOf(stream, start)
  const after = idAfter(end)
  const to = after === undefined ? stream.entries.length : positionOf(stream, after)
  const most = count < 0 ? to - from : Math.min(count, to - from)
  if (most <= 0) return []
  if (!isBackwards) return stream.entries.slice(from, from + most)
  return stream.entries.slice(to - most, to).reverse()
}

const xdel = streamCommand('xdel', ['write', 'fast'], (words, ctx, key) => {
  if (ctx.db.getStream(key) === null) return reply.integer(0)
  const ids = words.rest().map((word) => readId(word))
  const gone = ctx.db.updateStream(key, (tracked) => {
    const removed = removeEntries(tracked.value, ids)
    if (removed > 0) tracked.tracker.markChanged()
    return removed
  })
  return reply.integer(gone)
})

const xsetid = streamCommand('xsetid', ['write', 'denyoom', 'fast'], (words, ctx, key) => {
  const id = readId(words.next())
  let added
  let deleted
  while (words.left > 0) {
    if (words.left > 1 && words.takes('ENTRIESADDED')) {
      added = words.integer()
      if (added < 0) throw new RedisCommandError('entries_added must be positive')
    } else if (words.left > 1 && words.takes('MAXDELETEDID')) {
      deleted = readId(words.next())
      if (compareIds(id, deleted) < 0) {
        throw new RedisCommandError(
          'The ID specified in XSETID is smaller than the provided max_deleted_entry_id',
        )
      }
    } else throw new RedisSyntaxError()
  }
  const stream = ctx.db.getStream(key)
  if (stream === null) throw new NoSuchKeyError()
  if (stream.entries.length > 0) {
    if (compareIds(id, stream.entries.at(-1).id) < 0) {
      throw new RedisCommandError('The ID specified in XSETID is smaller than the target stream top item')
    }
    if (added !== undefined && stream.entries.length > added) {
      throw new RedisCommandError(
        'The entries_added specified in XSETID is smaller than the target stream length',
      )
    }
  }
  ctx.db.updateStream(key, ({ value }) => {
    value.lastId = id
    if (added !== undefined) value.entriesAdded = added
    if (deleted !== undefined && compareIds(deleted, FIRST_ID) !== 0) value.maxDeletedEntryId = deleted
  })
  return reply.ok()
})

/** `COUNT n BLOCK ms STREAMS key … id …`, as far as XREAD and XREADGROUP share it; `isOption` takes the others. */
export function readStreams(words, name, isOption = () => false) {
  let count = 0
  let block
  while (!words.takes('STREAMS')) {
    if (words.left > 1 && words.takes('COUNT')) count = Math.max(0, words.integer())
    else if (words.left > 1 && words.takes('BLOCK')) block = readTimeout(words)
    else if (words.left === 0 || !isOption(words)) throw new RedisSyntaxError()
  }
  const rest = words.rest()
  if (rest.length === 0 || rest.length % 2 === 1) {
    throw new RedisCommandError(
      `Unbalanced ${name.toUpperCase()} list of streams: for each stream key an ID or '${name === 'xread' ? '$' : '>'}' must be specified.`,
    )
  }
  const half = rest.length / 2
  return { count, block, keys: rest.slice(0, half), ids: rest.slice(half) }
}

function readTimeout(words) {
  const timeout = words.integer('timeout is not an integer or out of range')
  if (timeout < 0) throw new RedisCommandError('timeout is negative')
  return timeout
}

/** Runs `read` again whenever one of the keys is written, until it returns a reply or the time is over. */
export async function waitFor(keys, block, ctx, read) {
  const end = block === 0 ? undefined : Date.now() + block
  for (;;) {
    const timeoutMs = end === undefined ? undefined : end - Date.now()
    if (timeoutMs !== undefined && timeoutMs <= 0) return reply.nilArray()
    const woken = await waitForWrite(keys, timeoutMs, ctx)
    if (woken === 'error') {
      throw new RedisCommandError('client unblocked via CLIENT UNBLOCK', 'UNBLOCKED')
    }
    if (woken !== true) return reply.nilArray()
    const found = read()
    if (found !== undefined) return found
  }
}

export function blockedInScript(name) {
  return new RedisCommandError(`${name} command is not allowed with BLOCK option from scripts`)
}

const waiting = new Set()

async function waitForWrite(keys, timeoutMs, ctx) {
  const stops = []
  const woken = new Promise((resolve) => {
    const waiter = { client: ctx.session.id, keys, resolve }
    waiting.add(waiter)
    stops.push(() => waiting.delete(waiter))
    for (const key of keys) stops.push(ctx.db.subscribeKey(key, () => resolve(true)))
  })
  try {
    return await ctx.park({ waitFor: woken, timeoutMs, signal: ctx.signal })
  } finally {
    for (const stop of stops) stop()
  }
}

/** Wakes those who wait for a key, for a reason that WATCH does not count as a change. */
export function wake(key) {
  for (const { keys, resolve } of waiting) if (keys.some((one) => one.equals(key))) resolve(true)
}

/** CLIENT UNBLOCK: whether this client waited. */
export function unblock(client, how) {
  const found = [...waiting].find((waiter) => waiter.client === client)
  found?.resolve(how)
  return found !== undefined
}

/** `keys` of a command with STREAMS in it. */
export function keysOfStreams({ words }) {
  const at = words.findIndex((word) => word.toString().toUpperCase() === 'STREAMS')
  return at === -1 ? [] : words.slice(at + 1, at + 1 + Math.floor((words.length - at - 1) / 2))
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

export const streamCommands = [xadd, xtrim, xlen, xrange, xrevrange, xdel, xsetid, xread]
