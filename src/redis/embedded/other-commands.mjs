import { defineCommand, RedisValue, t } from 'js-redis-server/core'
import { reply } from './executor.mjs'

/** Small commands that js-redis-server lacks. */
const echo = defineCommand({
  name: 'echo',
  schema: t.object({ text: t.bulk() }),
  flags: ['readonly', 'fast'],
  keys: () => [],
  execute: ({ text }) => reply.text(text),
})

/** There's no replica, so no replica has anything. */
const wait = defineCommand({
  name: 'wait',
  schema: t.object({ replicas: t.integer(), timeout: t.integer() }),
  flags: ['noscript'],
  keys: () => [],
  execute: () => reply.integer(0),
})

const role = defineCommand({
  name: 'role',
  schema: t.object({}),
  flags: ['noscript', 'fast'],
  keys: () => [],
  execute: () =>
    reply.array([RedisValue.bulkString(Buffer.from('master')), RedisValue.integer(0), RedisValue.array([])]),
})

export const otherCommands = [echo, wait, role]
