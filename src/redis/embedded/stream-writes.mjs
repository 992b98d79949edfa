import {
  NoSuchKeyError,
  RedisCommandError,
  RedisSyntaxError,
  StreamIdEqualOrSmallerError,
  StreamIdNotGreaterThanZeroError,
  StreamLimitRequiresApproxError,
  WrongNumberOfArgumentsError,
} from 'js-redis-server/core'
import { reply } from './executor.mjs'
import { streamCommand } from './stream-command.mjs'
import { append, removeEntries, trim } from './stream-data.mjs'
import { compareIds, FIRST_ID, idAfter, LAST_ID, readId, showId } from './stream-id.mjs'

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

export const streamWrites = [xadd, xtrim, xdel, xsetid]
