import { defineCommand, NoSuchKeyError, RedisCommandError, RedisValue, t } from 'js-redis-server/core'
import { isScript, reply } from './executor.mjs'
import { entryValue, streamCommand, text } from './stream-command.mjs'
import { countUpTo, entryAt, hasGapsFrom, pendingKey, sortedPending } from './stream-data.mjs'
import { compareIds, FIRST_ID, idAfter, LAST_ID, readId, showId } from './stream-id.mjs'
import { range } from './stream-reads.mjs'
import { blockedInScript, keysOfStreams, readStreams, waitFor, wake } from './stream-waiting.mjs'
import { Words } from './stream-words.mjs'

function noGroup(key, group, where = '') {
  return new RedisCommandError(`No such key '${key}' or consumer group '${group}'${where}`, 'NOGROUP')
}

function findGroup(stream, name) {
  return stream?.groups.get(name.toString('hex'))
}

/** The live group, so that changes to it persist. */
export function groupOf(ctx, key, name, where) {
  const group = findGroup(ctx.db.getStream(key), name)
  if (group === undefined) throw noGroup(key, name, where)
  return group
}

export function consumerOf(group, name) {
  const id = name.toString('hex')
  const known = group.consumers.get(id)
  if (known !== undefined) {
    known.seenAt = Date.now()
    return id
  }
  group.consumers.set(id, { name: Buffer.from(name), seenAt: Date.now(), activeAt: null })
  return id
}

/** `$` and an ID as XGROUP takes them. */
function groupStart(token, stream) {
  return token.toString() === '$' ? (stream?.lastId ?? FIRST_ID) : readId(token)
}

const NEEDS_KEY =
  'The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.'

const xgroup = defineCommand({
  name: 'xgroup',
  schema: t.object({ words: t.variadic(t.bulk()) }),
  flags: ['write'],
  keys: ({ words }) => words.slice(1, 2),
  execute: ({ words: all }, ctx) => {
    const words = new Words(all)
    const sub = words.next().toString().toUpperCase()
    if (sub === 'HELP')
      return reply.array(['XGROUP <subcommand> [<arg> [value] [opt] ...].'].map((line) => text(line)))
    const [key, name] = [words.next(), words.next()]
    const spec = sub === 'CREATE' || sub === 'SETID' ? readGroupSpec(words, sub) : undefined
    const stream = ctx.db.getStream(key)
    if (stream === null && spec?.makes !== true) throw new RedisCommandError(NEEDS_KEY)
    const group = findGroup(stream, name)
    if (sub !== 'CREATE' && sub !== 'DESTROY' && group === undefined) {
      throw new RedisCommandError(`No such consumer group '${name}' for key name '${key}'`, 'NOGROUP')
    }
    switch (sub) {
      case 'CREATE': {
        const lastDeliveredId = groupStart(spec.start, stream)
        if (group !== undefined)
          throw new RedisCommandError('Consumer Group name already exists', 'BUSYGROUP')
        ctx.db.updateStream(key, (tracked) =>
          tracked.addGroup(name.toString('hex'), {
            name: Buffer.from(name),
            lastDeliveredId,
            entriesRead: spec.entriesRead,
            consumers: new Map(),
            pending: new Map(),
          }),
        )
        return reply.ok()
      }
      case 'SETID':
        group.lastDeliveredId = groupStart(spec.start, stream)
        group.entriesRead = spec.entriesRead
        return reply.ok()
      case 'DESTROY': {
        if (group === undefined) return reply.integer(0)
        ctx.db.updateStream(key, (tracked) => {
          tracked.deleteGroup(name.toString('hex'))
        })
        wake(key)
        return reply.integer(1)
      }
      case 'CREATECONSUMER': {
        const id = words.next()
        if (group.consumers.has(id.toString('hex'))) return reply.integer(0)
        consumerOf(group, id)
        return reply.integer(1)
      }
      default: {
        const id = words.next().toString('hex')
        const owned = [...group.pending].filter(([, pending]) => pending.consumerId === id)
        for (const [pending] of owned) group.pending.delete(pending)
        group.consumers.delete(id)
        return reply.integer(owned.length)
      }
    }
  },
})

/** What XGROUP and XINFO reply to an unknown option. */
export function unknownSub(name, sub) {
  return new RedisCommandError(
    `unknown subcommand or wrong number of arguments for '${sub}'. Try ${name} HELP.`,
  )
}

function readGroupSpec(words, sub) {
  const start = words.next()
  let makes = false
  let entriesRead = null
  while (words.left > 0) {
    if (sub === 'CREATE' && words.takes('MKSTREAM')) makes = true
    else if (words.left > 1 && words.takes('ENTRIESREAD')) {
      const count = words.integer()
      if (count < -1) throw new RedisCommandError('value for ENTRIESREAD must be positive or -1')
      entriesRead = count === -1 ? null : count
    } else throw unknownSub('XGROUP', sub)
  }
  return { start, makes, entriesRead }
}

const xreadgroup = defineCommand({
  name: 'xreadgroup',
  schema: t.object({ words: t.variadic(t.bulk()) }),
  flags: ['write', 'blocking'],
  capabilities: { blocking: true },
  keys: keysOfStreams,
  execute: ({ words: all }, ctx) => {
    let name
    let consumer
    let isTold = true
    const { count, block, keys, ids } = readStreams(new Words(all), 'xreadgroup', (words) => {
      if (words.left > 2 && words.takes('GROUP')) {
        name = words.next()
        consumer = words.next()
        return true
      }
      if (!words.takes('NOACK')) return false
      isTold = false
      return true
    })
    if (name === undefined) throw new RedisCommandError('Missing GROUP option for XREADGROUP')
    const where = ' in XREADGROUP with GROUP option'
    const starts = ids.map((id, at) => {
      groupOf(ctx, keys[at], name, where)
      if (id.toString() === '>') return undefined
      if (id.toString() === '$') {
        throw new RedisCommandError(
          'The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
        )
      }
      return readId(id)
    })
    if (block !== undefined && isScript(ctx)) throw blockedInScript('XREADGROUP')
    const read = () => {
      const found = keys.flatMap((key, at) => {
        const stream = ctx.db.getStream(key)
        const group = findGroup(stream, name)
        if (group === undefined) throw noGroup(key, name, where)
        const start = starts[at]
        if (start === undefined && compareIds(stream.lastId, group.lastDeliveredId) <= 0) return []
        const entries =
          start === undefined
            ? deliver(stream, group, consumerOf(group, consumer), count, isTold)
            : history(stream, group, consumerOf(group, consumer), start, count)
        if (start === undefined && entries.length === 0) return []
        return [[RedisValue.bulkString(key), RedisValue.array(entries)]]
      })
      return found.length === 0 ? undefined : reply.pairs(found)
    }
    const now = read()
    if (now !== undefined || block === undefined) return now ?? reply.nilArray()
    return waitFor(keys, block, ctx, read)
  },
})

function deliver(stream, group, consumerId, count, isTold) {
  const start = idAfter(group.lastDeliveredId)
  if (start === undefined) return []
  const entries = range(stream, start, LAST_ID, count || -1)
  for (const { id } of entries) {
    if (group.entriesRead !== null && !hasGapsFrom(stream, id)) group.entriesRead += 1
    else if (stream.entriesAdded > 0) group.entriesRead = countUpTo(stream, id)
    group.lastDeliveredId = id
    if (isTold)
      group.pending.set(pendingKey(id), { id, consumerId, deliveredAt: Date.now(), deliveryCount: 1 })
  }
  return entries.map(entryValue)
}

function history(stream, group, consumerId, start, count) {
  const own = sortedPending(group).filter(
    (pending) => pending.consumerId === consumerId && compareIds(pending.id, start) > 0,
  )
  return own.slice(0, count || own.length).map(({ id }) => {
    const entry = entryAt(stream, id)
    if (entry === undefined) return RedisValue.array([text(showId(id)), RedisValue.nullArray()])
    const pending = group.pending.get(pendingKey(id))
    pending.deliveredAt = Date.now()
    pending.deliveryCount += 1
    return entryValue(entry)
  })
}

const xack = streamCommand('xack', ['write', 'fast'], (words, ctx, key) => {
  const group = findGroup(ctx.db.getStream(key), words.next())
  if (group === undefined) return reply.integer(0)
  const ids = words.rest().map((word) => readId(word))
  return reply.integer(ids.filter((id) => group.pending.delete(pendingKey(id))).length)
})

export function requireStream(ctx, key) {
  const stream = ctx.db.getStream(key)
  if (stream === null) throw new NoSuchKeyError()
  return stream
}

export function requireGroup(ctx, key, name) {
  const group = findGroup(requireStream(ctx, key), name)
  if (group === undefined) {
    throw new RedisCommandError(`No such consumer group '${name}' for key name '${key}'`, 'NOGROUP')
  }
  return group
}

export const streamGroups = [xgroup, xreadgroup, xack]
