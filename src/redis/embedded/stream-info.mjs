import { defineCommand, RedisResult, RedisValue, t } from 'js-redis-server/core'
import { reply } from './executor.mjs'
import { entryValue, NIL, text } from './stream-command.mjs'
import { firstId, lagOf, sortedPending } from './stream-data.mjs'
import { requireGroup, requireStream, unknownSub } from './stream-groups.mjs'
import { showId } from './stream-id.mjs'
import { Words } from './stream-words.mjs'

export const xinfo = defineCommand({
  name: 'xinfo',
  schema: t.object({ words: t.variadic(t.bulk()) }),
  flags: ['readonly'],
  keys: ({ words }) => words.slice(1, 2),
  execute: ({ words: all }, ctx) => {
    const words = new Words(all)
    const sub = words.next().toString().toUpperCase()
    if (sub === 'HELP') return reply.array([text('XINFO <subcommand> [<arg> [value] [opt] ...].')])
    const key = words.next()
    if (sub === 'GROUPS') {
      const stream = requireStream(ctx, key)
      return reply.array(byName(stream.groups).map((group) => map(groupFields(stream, group))))
    }
    if (sub === 'CONSUMERS') {
      const group = requireGroup(ctx, key, words.next())
      return reply.array(byName(group.consumers).map((consumer) => map(consumerFields(group, consumer))))
    }
    return RedisResult.create(map(streamFields(words, requireStream(ctx, key))))
  },
})

function streamFields(words, stream) {
  const isFull = words.left > 0
  if (isFull && !words.takes('FULL')) throw unknownSub('XINFO', 'STREAM')
  let most = 10
  if (words.left > 0) {
    if (words.left === 1 || !words.takes('COUNT')) throw unknownSub('XINFO', 'STREAM')
    most = words.integer()
    if (most < 0) most = 10
    if (words.left > 0) throw unknownSub('XINFO', 'STREAM')
  }
  const nodes = new Set(stream.entries.map(({ node }) => node)).size
  const head = [
    ['length', int(stream.entries.length)],
    ['radix-tree-keys', int(nodes)],
    ['radix-tree-nodes', int(nodes + 1)],
    ['last-generated-id', text(showId(stream.lastId))],
    ['max-deleted-entry-id', text(showId(stream.maxDeletedEntryId))],
    ['entries-added', int(stream.entriesAdded)],
    ['recorded-first-entry-id', text(showId(firstId(stream)))],
  ]
  const entryOrNil = (entry) => (entry === undefined ? NIL : entryValue(entry))
  if (!isFull) {
    return [
      ...head,
      ['groups', int(stream.groups.size)],
      ['first-entry', entryOrNil(stream.entries[0])],
      ['last-entry', entryOrNil(stream.entries.at(-1))],
    ]
  }
  const upTo = (list) => (most === 0 ? list : list.slice(0, most))
  return [
    ...head,
    ['entries', RedisValue.array(upTo(stream.entries).map(entryValue))],
    [
      'groups',
      RedisValue.array(byName(stream.groups).map((group) => map(fullGroupFields(stream, group, upTo)))),
    ],
  ]
}

function groupFields(stream, group) {
  return [
    ['name', RedisValue.bulkString(group.name)],
    ['consumers', int(group.consumers.size)],
    ['pending', int(group.pending.size)],
    ['last-delivered-id', text(showId(group.lastDeliveredId))],
    ['entries-read', intOrNil(group.entriesRead)],
    ['lag', intOrNil(lagOf(stream, group))],
  ]
}

function fullGroupFields(stream, group, upTo) {
  const pending = sortedPending(group)
  const nameOf = (id) => RedisValue.bulkString(group.consumers.get(id)?.name ?? Buffer.from(id, 'hex'))
  return [
    ['name', RedisValue.bulkString(group.name)],
    ['last-delivered-id', text(showId(group.lastDeliveredId))],
    ['entries-read', intOrNil(group.entriesRead)],
    ['lag', intOrNil(lagOf(stream, group))],
    ['pel-count', int(pending.length)],
    [
      'pending',
      RedisValue.array(
        upTo(pending).map(({ id, consumerId, deliveredAt, deliveryCount }) =>
          RedisValue.array([text(showId(id)), nameOf(consumerId), int(deliveredAt), int(deliveryCount)]),
        ),
      ),
    ],
    [
      'consumers',
      RedisValue.array(
        byName(group.consumers).map((consumer) => {
          const own = pending.filter(({ consumerId }) => consumerId === consumer.name.toString('hex'))
          return map([
            ['name', RedisValue.bulkString(consumer.name)],
            ['seen-time', int(consumer.seenAt)],
            ['pel-count', int(own.length)],
            [
              'pending',
              RedisValue.array(
                upTo(own).map(({ id, deliveredAt, deliveryCount }) =>
                  RedisValue.array([text(showId(id)), int(deliveredAt), int(deliveryCount)]),
                ),
              ),
            ],
          ])
        }),
      ),
    ],
  ]
}

function consumerFields(group, consumer) {
  const id = consumer.name.toString('hex')
  const pending = [...group.pending.values()].filter(({ consumerId }) => consumerId === id)
  return [
    ['name', RedisValue.bulkString(consumer.name)],
    ['pending', int(pending.length)],
    ['idle', int(Math.max(0, Date.now() - consumer.seenAt))],
  ]
}

/** Redis keeps both in a radix tree, so they come in the order of their names. */
function byName(kept) {
  return [...kept.values()].sort((a, b) => Buffer.compare(a.name, b.name))
}

function map(fields) {
  return RedisValue.map(fields.map(([name, value]) => [text(name), value]))
}

function int(value) {
  return RedisValue.integer(value)
}

function intOrNil(value) {
  return value === null ? NIL : int(value)
}
