import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { disconnectGuests } from '../../../src/check/kit/connections.ts'
import { setEnvironment } from '../../../src/check/kit/environment.ts'
import { everyCrash, everyInterleaving, everyLostReply, useSandbox } from '../../../src/check/kit/index.ts'
import { beginTest } from '../../../src/check/kit/recorder/recording.ts'
import { closeSandbox } from '../../../src/check/kit/sandbox.ts'
import type { CommandRecord } from '../../../src/check/result.ts'
import { recordedCommands, withoutMiddle } from '../../../src/check/worker/sent-commands.ts'
import { findRedisServer } from '../../../src/redis/executables.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'

let server: RunningRedis
beforeAll(async () => {
  server = await startRedis(findRedisServer(process.env) === undefined ? 'embedded' : 'binary')
  setEnvironment({ url: server.url, kind: server.kind, has: [], allow: [] })
})
afterAll(async () => {
  closeSandbox()
  await server.stop()
})
const box = useSandbox()
beforeEach(beginTest)

const shown = () =>
  recordedCommands().commands.map(
    ({ client, command, reply, held }) => `${client} ${command} -> ${reply}${held ? ' (held)' : ''}`,
  )

describe('what the answer sent, as the result lists it', () => {
  test('is in the order in which Redis executed it, with held-back commands marked', async () => {
    const rounds: (readonly string[])[] = []
    await everyInterleaving({
      first: async (redis) => {
        if ((await redis.exists('k')) === 0) await redis.set('k', 'first')
      },
      second: (redis) => redis.set('k', 'second', 'NX'),
      verify() {
        rounds.push(shown())
      },
    })
    expect(rounds[0]).toEqual(['2 SET k second NX -> OK', '1 EXISTS k -> (integer) 1 (held)'])
    expect(rounds[1]).toEqual([
      '1 EXISTS k -> (integer) 0',
      '2 SET k second NX -> OK',
      '1 SET k first -> OK (held)',
    ])
    expect(rounds[2]?.some((line) => line.endsWith('(held)'))).toBe(false)
  })

  test('has the time of each in milliseconds since the test began', async () => {
    await box.redis.ping()
    await box.redis.ping()
    const [one, two] = recordedCommands().commands
    expect(one?.at).toBeGreaterThan(0)
    expect(two?.at).toBeGreaterThan(one?.at ?? 0)
    expect(two?.at).toBeLessThan(60_000)
    expect(Object.keys(one ?? {})).toEqual(['client', 'command', 'reply', 'held', 'at'])
  })

  test('says that the process died for commands that were never sent', async () => {
    const rounds: (readonly string[])[] = []
    await everyCrash({
      run: (redis) => redis.pipeline().set('a', 1).set('b', 1).exec(),
      verify() {
        rounds.push(shown())
      },
    })
    const died = 'never sent: the process died'
    expect(rounds).toEqual([
      [`1 SET a 1 -> ${died}`, `1 SET b 1 -> ${died}`],
      ['1 SET a 1 -> OK', `1 SET b 1 -> ${died}`],
      ['1 SET a 1 -> OK', '1 SET b 1 -> OK'],
    ])
  })

  test('lists a command twice if it was sent again because its reply was lost', async () => {
    const rounds: (readonly string[])[] = []
    await everyLostReply({
      run: (redis) => redis.rpush('l', 'x'),
      verify() {
        rounds.push(shown())
      },
    })
    expect(rounds).toEqual([
      ['1 RPUSH l x -> no reply: the connection broke', '1 RPUSH l x -> (integer) 2'],
      ['1 RPUSH l x -> (integer) 1'],
    ])
  })

  test('still lacks a reply when the check cuts the connection at the end', async () => {
    const read = box.redis.blpop('l', 0)
    read.catch(() => {})
    await box.connect().ping()
    disconnectGuests()
    await read.catch(() => {})
    expect(shown()).toEqual(['2 PING -> PONG', '1 BLPOP l 0 -> no reply yet'])
  })
})

describe('a list that is too long', () => {
  const pings = (count: number) =>
    Array.from({ length: count }, (_, at): CommandRecord => {
      return { client: 1, command: 'PING', reply: 'PONG', held: false, at }
    })
  const times = (commands: readonly CommandRecord[]) => commands.map(({ at }) => at)

  test('keeps its beginning and its end, and counts what is missing in between', () => {
    const { commands, leftOut } = withoutMiddle(pings(202))
    expect(times(commands.slice(0, 12))).toEqual([...Array(12).keys()])
    expect(times(commands.slice(12))).toEqual(Array.from({ length: 28 }, (_, index) => 174 + index))
    expect(leftOut).toEqual({ after: 12, count: 162 })
  })

  test('is not cut where nothing would be missing', () => {
    expect(withoutMiddle(pings(40))).toEqual({ commands: pings(40) })
  })
})
