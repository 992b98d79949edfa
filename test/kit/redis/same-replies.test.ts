import { connect } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { splitCommand } from '../../../src/snippets/command-line.ts'
import { lacks } from '../need.ts'
import { commandForms } from './command-forms.ts'

/** The embedded server imitates this version; others legitimately differ from it. */
const IMITATED = '7.0.'

const reason = lacks('redis-server')

describe.skipIf(reason !== undefined)('the embedded Redis replies like a real one', () => {
  let real: RunningRedis
  let embedded: RunningRedis
  beforeAll(async () => {
    ;[real, embedded] = await Promise.all([startRedis('binary'), startRedis('embedded')])
  })
  afterAll(() => Promise.all([real.stop(), embedded.stop()]))

  for (const [group, lines] of Object.entries(commandForms)) {
    test(group, async ({ skip }) => {
      if (!real.version.startsWith(IMITATED)) skip(`redis-server is ${real.version}, not ${IMITATED}x`)
      const commands = lines.trim().split(/\n\s*/)
      expect(await replies(embedded.url, commands)).toEqual(await replies(real.url, commands))
    })
  }
})

describe('the embedded Redis', () => {
  test('sends the replies of a transaction in one piece', async () => {
    const { url } = await server()
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.write('MULTI\r\nXADD s 1-0 a b\r\nEXEC\r\n')
    const first = await new Promise((resolve) => socket.once('data', (data) => resolve(String(data))))
    expect(first).toBe('+OK\r\n+QUEUED\r\n*1\r\n$3\r\n1-0\r\n')
  })

  test.each([
    ['an entry', ['XADD', 's', '1-0', 'a', 'b'], [['s', [['1-0', ['a', 'b']]]]]],
    ['a group that is gone', ['XGROUP', 'DESTROY', 's', 'g'], /^NOGROUP/],
  ])('wakes a blocked reader for %s', async (_, [command = '', ...args], expected) => {
    const { url } = await server()
    const [reader, writer] = [new Redis(url), new Redis(url)]
    onTestFinished(() => void [reader, writer].map((client) => client.disconnect()))
    await writer.xgroup('CREATE', 's', 'g', '0', 'MKSTREAM')
    await reader.ping()
    const reading = reader.xreadgroup('GROUP', 'g', 'c', 'BLOCK', 0, 'STREAMS', 's', '>').catch(messageOf)
    await writer.ping()
    await writer.call(command, ...args)
    const reply = await reading
    if (expected instanceof RegExp) expect(reply).toMatch(expected)
    else expect(reply).toEqual(expected)
  })
})

async function server() {
  const redis = await startRedis('embedded')
  onTestFinished(() => redis.stop())
  return redis
}

async function replies(
  url: string,
  lines: readonly string[],
): Promise<readonly (readonly [string, unknown])[]> {
  const clients = [new Redis(url), new Redis(url)] as const
  await clients[0].flushall()
  const found: (readonly [string, unknown])[] = []
  for (const line of lines) {
    const client = clients[line.startsWith('2> ') ? 1 : 0]
    const words = wordsOf(line.replace(/^2> /, ''))
    const reply = await client.call(words[0] ?? '', ...words.slice(1)).catch(messageOf)
    found.push([line, inAnyOrder(words, withoutTimes(words, reply))])
  }
  for (const client of clients) client.disconnect()
  return found
}

function wordsOf(line: string): readonly string[] {
  return line.startsWith('LUA ') ? ['EVAL', line.slice(4), '0'] : splitCommand(line)
}

function messageOf(error: Error): string {
  return error.message
}

/** Milliseconds and internal sizes of a stream don't matter: they differ between servers and from run to run. */
const VARYING = new Set(['idle', 'inactive', 'seen-time', 'radix-tree-keys', 'radix-tree-nodes'])

function withoutTimes(words: readonly string[], reply: unknown): unknown {
  const [name = '', sub = ''] = words.map((word) => word.toUpperCase())
  if (name === 'XPENDING' && words.length > 3) return withoutThird(reply)
  if (name !== 'XINFO') return reply
  const text = JSON.stringify(named(reply))
  // In FULL, the time of a delivery comes after the ID (and the consumer).
  return sub === 'STREAM' ? text.replace(/("\d+-\d+",(?:"\w+",)?)\d{13},/g, '$1<time>,') : text
}

function named(reply: unknown): unknown {
  if (!Array.isArray(reply)) return reply
  return reply.map((item, at) => (VARYING.has(String(reply[at - 1])) ? '<any>' : named(item)))
}

/** Commands whose items Redis 7.0 returns in the order of a hash table, and each server seeds its own. */
const UNORDERED = new Set(['KEYS', 'SCAN', 'SDIFF', 'SINTER', 'SMEMBERS', 'SPOP', 'SSCAN', 'SUNION'])

function inAnyOrder(words: readonly string[], reply: unknown): unknown {
  if (!Array.isArray(reply) || !UNORDERED.has(words[0]?.toUpperCase() ?? '')) return reply
  return reply.map((item) => (Array.isArray(item) ? item.toSorted() : item)).toSorted()
}

function withoutThird(reply: unknown): unknown {
  if (!Array.isArray(reply)) return reply
  return reply.map((item) => (Array.isArray(item) ? item.filter((_, at) => at !== 2) : item))
}
