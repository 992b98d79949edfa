import { once } from 'node:events'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { setEnvironment } from '../../../src/check/kit/environment.ts'
import { isOfTheDead } from '../../../src/check/kit/faults/the-dead.ts'
import {
  everyCrash,
  everyInterleaving,
  everyLostReply,
  everyRefusal,
  givesUpAfter,
  passesOnErrors,
  passesOnWrongType,
  useSandbox,
  withRival,
} from '../../../src/check/kit/index.ts'
import { closeSandbox } from '../../../src/check/kit/sandbox.ts'
import { findRedisServer } from '../../../src/redis/executables.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'

let server: RunningRedis
beforeAll(async () => {
  // Not a container: with the guard on, this process no longer reaches the engine that would stop it.
  server = await startRedis(findRedisServer(process.env) === undefined ? 'embedded' : 'binary')
  setEnvironment({ url: server.url, kind: server.kind, has: [], allow: [] })
})
afterAll(async () => {
  closeSandbox()
  await server.stop()
})
const box = useSandbox()

/** Ways to write "append when the stream has this many entries": three that work and two that don't. */
const holds: Readonly<Record<string, (redis: Redis) => Promise<unknown>>> = {
  async script(redis) {
    const added = await redis.eval(
      `if redis.call('XLEN', KEYS[1]) ~= 0 then return 0 end redis.call('XADD', KEYS[1], '*', 'f', 'v') return 1`,
      1,
      's',
    )
    if (added !== 1) throw new Error('conflict')
  },
  async 'explicit id'(redis) {
    await redis.xadd('s', '1-0', 'f', 'v')
  },
  async 'WATCH on a connection of its own'(redis) {
    const own = redis.duplicate()
    try {
      await own.watch('s')
      if ((await own.xlen('s')) !== 0) throw new Error('conflict')
      if ((await own.multi().xadd('s', '*', 'f', 'v').exec()) === null) throw new Error('conflict')
    } finally {
      own.disconnect()
    }
  },
  async 'a lock that is waited for'(redis) {
    while ((await redis.set('lock', '1', 'PX', 60_000, 'NX')) === null) await redis.get('lock')
    try {
      if ((await redis.xlen('s')) !== 0) throw new Error('conflict')
      await redis.xadd('s', '*', 'f', 'v')
    } finally {
      await redis.del('lock')
    }
  },
}
const breaks: typeof holds = {
  async 'check, then act'(redis) {
    if ((await redis.xlen('s')) !== 0) throw new Error('conflict')
    await redis.xadd('s', '*', 'f', 'v')
  },
  async 'check, then act in a transaction'(redis) {
    const [length] = (await redis.multi().xlen('s').exec()) ?? []
    if (length?.[1] !== 0) throw new Error('conflict')
    await redis.multi().xadd('s', '*', 'f', 'v').exec()
  },
}

/** The most writers that won in one round. */
async function winners(append: (redis: Redis) => Promise<unknown>, sameConnection = false): Promise<number> {
  let most = 0
  await everyInterleaving({
    sameConnection,
    first: append,
    second: append,
    async verify({ first, second }) {
      expect(await box.admin.xlen('s')).toBe(Number(first.ok) + Number(second.ok))
      most = Math.max(most, Number(first.ok) + Number(second.ok))
    },
  })
  return most
}

describe('every interleaving of two writers', () => {
  for (const [name, append] of Object.entries(holds)) {
    test(`one wins: ${name}`, async () => expect(await winners(append)).toBe(1))
  }
  for (const [name, append] of Object.entries(breaks)) {
    test(`both win in some round: ${name}`, async () => expect(await winners(append)).toBe(2))
  }

  test('both win with a WATCH on a connection that they share', async () => {
    const shared = async (redis: Redis) => {
      await redis.watch('s')
      if ((await redis.xlen('s')) !== 0) throw new Error('conflict')
      if ((await redis.multi().xadd('s', '*', 'f', 'v').exec()) === null) throw new Error('conflict')
    }
    expect(await winners(shared, true)).toBe(2)
    expect(await winners(shared, false)).toBe(1)
  })

  test('on one connection a pipeline is sent as a whole, as ioredis writes it', async () => {
    const inTransaction = async (redis: Redis) => {
      const [added] = (await redis.multi().xadd('s', '1-0', 'f', 'v').xlen('s').exec()) ?? []
      if (added?.[0]) throw added[0]
    }
    const places: (string | undefined)[] = []
    await everyInterleaving({
      sameConnection: true,
      first: async (redis) => {
        const replies = await redis.pipeline().set('a', 1).get('a').xlen('s').exec()
        await inTransaction(redis)
        return replies
      },
      second: async (redis) => {
        await redis.set('a', 2)
        await inTransaction(redis)
      },
      async verify({ first, second, held }) {
        places.push(held)
        expect(first.ok || second.ok).toBe(true)
        expect(await box.admin.xlen('s')).toBe(1)
        if (first.ok) {
          expect(first.value?.slice(0, 2)).toEqual([
            [null, 'OK'],
            [null, '1'],
          ])
        }
      },
    })
    expect(places).toEqual(['SET', 'MULTI', undefined])
    expect(await winners(inTransaction, true)).toBe(1)
    expect(await winners(inTransaction, false)).toBe(1)
  })

  test('on one connection, commands sent without waiting go as a whole too', async () => {
    const places: (string | undefined)[] = []
    await everyInterleaving({
      sameConnection: true,
      first: (redis) => {
        void redis.multi({ pipeline: false })
        void redis.rpush('l', 'first')
        void redis.rpush('l', 'first')
        return redis.exec()
      },
      second: (redis) => redis.rpush('l', 'second'),
      verify({ first, second, held }) {
        places.push(held)
        expect(second).toEqual({ ok: true, value: held === 'MULTI' ? 1 : 3 })
        expect(first.ok && first.value?.map(([, reply]) => reply)).toEqual(held === 'MULTI' ? [2, 3] : [1, 2])
      },
    })
    expect(places).toEqual(['MULTI', undefined])
  })

  test('on two connections the other writer gets between any two commands of a pipeline', async () => {
    const seen: unknown[] = []
    await everyInterleaving({
      first: (redis) => redis.pipeline().xlen('s').xrange('s', '-', '+').xlen('s').exec(),
      second: (redis) => redis.xadd('s', '*', 'f', 'v'),
      verify({ first }) {
        const [before, entries, after] = (first.ok && first.value) || []
        seen.push([before?.[1], (entries?.[1] as unknown[] | undefined)?.length, after?.[1]])
      },
    })
    expect(seen).toEqual([
      [1, 1, 1],
      [0, 1, 1],
      [0, 0, 1],
      [0, 0, 0],
    ])
  })

  test('but never into a transaction, however it is sent', async () => {
    for (const separately of [false, true]) {
      await everyInterleaving({
        first: async (redis) => {
          if (!separately) return redis.multi().get('a').get('a').exec()
          await redis.multi({ pipeline: false })
          await redis.get('a')
          await redis.get('a')
          return redis.exec()
        },
        second: (redis) => redis.incr('a'),
        verify({ first, held }) {
          const [one, two] = (first.ok && first.value) || []
          expect(one?.[1]).toBe(held === undefined ? null : '1')
          expect(two?.[1]).toBe(one?.[1])
        },
      })
    }
  })

  test('the other starts when earlier commands are done, even if nothing awaits them', async () => {
    const found: unknown[] = []
    await everyInterleaving({
      first: async (redis) => {
        await Promise.all([...'abcdefgh'].map((letter) => redis.rpush('l', letter)))
      },
      second: (redis) => redis.llen('l'),
      verify({ second }) {
        if (second.ok) found.push(second.value)
      },
    })
    expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('a blocking read does not keep the other from starting', async () => {
    await everyInterleaving({
      first: async (redis) => {
        const reader = redis.duplicate()
        const read = reader.blpop('l', 0)
        await redis.ping()
        await redis.rpush('l', 'first')
        await read
      },
      second: (redis) => redis.rpush('l', 'second'),
      verify({ first, second }) {
        expect([first.ok, second.ok]).toEqual([true, true])
      },
    })
  })

  test('an event between two reads is seen', async () => {
    await box.admin.del('s')
    const seen = new Set<string>()
    await everyInterleaving({
      prepare: (admin) => admin.xadd('s', '1-0', 'f', 'v').then(() => {}),
      first: async (redis) => {
        const state = (await redis.xrange('s', '-', '+')).length
        const position = (await redis.xrevrange('s', '+', '-', 'COUNT', 1))[0]?.[0]
        return `${state} ${position}`
      },
      second: (redis) => redis.xadd('s', '2-0', 'f', 'v'),
      verify({ first }) {
        if (first.ok) seen.add(first.value)
      },
    })
    expect([...seen].sort()).toEqual(['1 1-0', '1 2-0', '2 2-0'])
  })
})

test('a duplicate of the client that an answer gets connects by itself', async () => {
  const own = box.redis.duplicate()
  await once(own, 'ready')
  expect(await own.ping()).toBe('PONG')
  own.disconnect()
})

describe('a crash after every command', () => {
  async function halves(write: (redis: Redis) => Promise<unknown>): Promise<readonly string[]> {
    const found: string[] = []
    await everyCrash({
      run: write,
      async verify() {
        found.push(`${await box.admin.exists('a')}${await box.admin.exists('b')}`)
      },
    })
    return found
  }

  test('a queue that outlives the round does not wait for the dead', async () => {
    let last: Promise<unknown> = Promise.resolve()
    const queued = <T>(work: () => Promise<T>): Promise<T> => {
      const next = last.then(work, work)
      last = next.catch(() => {})
      return next
    }
    const write = (redis: Redis) =>
      queued(async () => {
        await redis.set('a', 1)
        await redis.set('b', 1)
      })
    const found: string[] = []
    await everyCrash({
      run: write,
      async verify({ survived }) {
        found.push(`${await box.admin.exists('a')}${await box.admin.exists('b')}`)
        if (!survived) await write(box.connect())
        expect(await box.admin.exists('a', 'b')).toBe(2)
      },
    })
    expect(found).toEqual(['00', '10', '11'])
  })

  test('what the dead try again reaches nobody, and ends', async () => {
    let tries = 0
    const write = async (redis: Redis) => {
      for (;;) {
        tries += 1
        const done = await redis.set('a', 1).catch(() => undefined)
        if (done !== undefined) return
      }
    }
    expect(await halves(write)).toEqual(['00', '10'])
    expect(tries).toBeGreaterThan(2)
    expect(tries).toBeLessThan(50)
  })

  test('a promise of the dead that no one handles is not what ends a process', async () => {
    const reasons: unknown[] = []
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection')
    process.on('unhandledRejection', (reason) => reasons.push(reason))
    onTestFinished(() => {
      process.removeAllListeners('unhandledRejection')
      for (const listener of others) process.on('unhandledRejection', listener)
    })
    await halves(async (redis) => {
      void redis.set('a', 1)
      await redis.set('b', 1)
    })
    expect(reasons.map(isOfTheDead)).toContain(true)
    expect(reasons.filter((reason) => !isOfTheDead(reason))).toEqual([])
  })

  test('two commands leave half of the work', async () => {
    const write = async (redis: Redis) => {
      await redis.set('a', 1)
      await redis.set('b', 1)
    }
    expect(await halves(write)).toEqual(['00', '10', '11'])
  })

  test('a pipeline leaves half of it too', async () => {
    expect(await halves((redis) => redis.pipeline().set('a', 1).set('b', 1).exec())).toEqual([
      '00',
      '10',
      '11',
    ])
  })

  test('a transaction and a script never do', async () => {
    const transaction = await halves((redis) => redis.multi().set('a', 1).set('b', 1).exec())
    expect(transaction).toEqual(['00', '00', '00', '00', '11'])
    const script = "redis.call('SET', KEYS[1], 1) redis.call('SET', KEYS[2], 1)"
    expect(await halves((redis) => redis.eval(script, 2, 'a', 'b'))).toEqual(['00', '11'])
  })
})

describe('a writer that is always a little faster', () => {
  test('gets between the commands of a pipeline', async () => {
    const { redis } = withRival(box.redis, 's', () => box.admin.xadd('s', '*', 'f', 'v'))
    const replies = await redis.pipeline().xlen('s').get('other').xlen('s').exec()
    expect(replies?.map(([, reply]) => reply)).toEqual([1, null, 2])
  })

  test('once per command, even one that waits for its connection', async () => {
    const { redis, times } = withRival(box.connect(), 's', () => box.admin.xadd('s', '*', 'f', 'v'))
    expect(await redis.xlen('s')).toBe(1)
    expect(times()).toBe(1)
  })

  test('without changing the order of what waits for the connection', async () => {
    const client = box.connect()
    const ready = once(client, 'ready')
    const write = () => ready.then(() => box.admin.xadd('s', '*', 'f', 'v'))
    const { redis } = withRival(client, 's', write)
    const replies = await redis.multi().xlen('s').exec() // MULTI is sent first, and opens the connection
    expect(replies?.map(([, reply]) => reply)).toEqual([1])
  })

  test('but not before the connection has signed in and selected its database', async ({ skip }) => {
    if (server.kind === 'embedded') skip('the embedded server has no users')
    await box.admin.acl('SETUSER', 'writer', 'on', '>pw', '~*', '+@all')
    const url = `${server.url.replace('//', '//writer:pw@')}/1`
    setEnvironment({ url, kind: server.kind, has: [], allow: [] })
    onTestFinished(() => setEnvironment({ url: server.url, kind: server.kind, has: [], allow: [] }))
    const { redis } = withRival(box.connect(), 's', () => box.admin.xadd('s', '*', 'f', 'v'))
    await redis.set('elsewhere', '1')
    expect(await box.admin.exists('elsewhere')).toBe(0)
  })

  test('but not into a transaction', async () => {
    const { redis } = withRival(box.redis, 's', () => box.admin.xadd('s', '*', 'f', 'v'))
    const replies = await redis.multi().xlen('s').xlen('s').exec()
    expect(replies?.map(([, reply]) => reply)).toEqual([2, 2])
  })
})

describe('attempts', () => {
  class Refused extends Error {}
  const last = async (redis: Redis) =>
    Number((await redis.xrevrange('s', '+', '-', 'COUNT', 1))[0]?.[0].split('-')[0] ?? 0)
  const take = async (redis: Redis) => redis.xadd('s', `${(await last(redis)) + 1}-0`, 'f', 'mine')
  const tries =
    (attempts: number, end: (error: unknown) => unknown = (error) => Promise.reject(error)) =>
    async (redis: Redis) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await take(redis)
        } catch (error) {
          if (attempt === attempts) return end(error)
        }
      }
    }
  const givesUp = (run: (redis: Redis) => unknown) =>
    givesUpAfter({
      name: 'take',
      attempts: 3,
      throwsConflict: true,
      mark: 'mine',
      prepare: () => box.admin.del('s'),
      run,
      rival: async () => box.admin.xadd('s', `${(await last(box.admin)) + 1}-0`, 'f', 'theirs'),
      isStored: async () =>
        (await box.admin.xrange('s', '-', '+')).some(([, fields]) => fields[1] === 'mine'),
      never: Refused,
    })

  test('are as many as the lesson says, and then the error of the conflict gets through', async () => {
    await givesUp(tries(3))
  })

  test("aren't asked of code that never meets a conflict", async () => {
    await givesUp((redis) => redis.xadd('s', '*', 'f', 'mine'))
    await givesUp((redis) => redis.duplicate().disconnect())
  })

  test.each<readonly [string, (redis: Redis) => unknown]>([
    ['Another writer was faster once, and `take` gave up. Make up to 3 attempts', tries(1)],
    ['Another writer was faster twice, and `take` gave up. Make up to 3 attempts', tries(2)],
    ['Another writer was faster each time, and `take` made 4 attempts. Give up after 3.', tries(4)],
    ['Another writer was faster each time, and `take` kept trying. 3 attempts are enough.', tries(50)],
    ['Another writer was faster once. Nothing was stored, but `take` resolved.', tries(1, () => undefined)],
    ['in all 3 attempts. Nothing was stored, but `take` resolved.', tries(3, () => undefined)],
    [
      'in all 3 attempts, and `take` rejected with `Error`. No rule was broken',
      tries(3, () => Promise.reject(new Refused())),
    ],
    [
      'in all 3 attempts, and `take` threw an error of its own.',
      tries(3, () => Promise.reject(new Error('busy'))),
    ],
  ])('%s', async (says, run) => {
    await expect(givesUp(run)).rejects.toThrow(says)
  })
})

describe('a lost reply', () => {
  async function lengths(write: (redis: Redis) => Promise<unknown>): Promise<readonly string[]> {
    const found: string[] = []
    await everyLostReply({
      run: write,
      async verify({ outcome, lost }) {
        found.push(`${lost} ${outcome.ok ? 'ok' : 'error'} ${await box.admin.xlen('s')}`)
      },
    })
    return found
  }

  test('an XADD is sent again and stored twice', async () => {
    const found = await lengths((redis) => redis.xadd('s', '*', 'f', 'v'))
    expect(found).toEqual(['XADD ok 2', 'undefined ok 1'])
  })

  test('with an explicit id it looks like a conflict', async () => {
    const found = await lengths((redis) => redis.xadd('s', '1-0', 'f', 'v'))
    expect(found).toEqual(['XADD error 1', 'undefined ok 1'])
  })

  test("ioredis's own commands on a new connection do not count as the learner's", async () => {
    await everyLostReply({
      run: (redis) => redis.xadd('s', '*', 'f', 'v'),
      verify() {
        expect(box.commands.map(({ name }) => name)).toEqual(['XADD'])
      },
    })
  })

  test('a transaction cut before its EXEC did nothing and is sent again', async () => {
    const found = await lengths((redis) => redis.multi().xadd('s', '*', 'f', 'v').exec())
    expect(found.at(-1)).toBe('undefined ok 1')
    expect(found.find((line) => line.startsWith('EXEC'))).toBe('EXEC ok 2')
  })

  test("a command that isn't sent again is what the code waits for, not what Redis owes", async () => {
    const found = lengths((redis) =>
      redis.duplicate({ autoResendUnfulfilledCommands: false }).xadd('s', '*', 'f', 'v'),
    )
    await expect(found).rejects.toThrow('still waiting for the reply to XADD')
  })
})

describe('a refusal', () => {
  async function found(write: (redis: Redis) => Promise<unknown>): Promise<readonly string[]> {
    const lines: string[] = []
    await everyRefusal({
      run: write,
      async verify({ outcome, refused, isReported }) {
        const result = outcome.ok ? 'ok' : (outcome.error as Error).name
        lines.push(`${refused} ${result} ${isReported} ${await box.admin.xlen('s')}`)
      },
    })
    return lines
  }

  test('is the reply of one command, which is not executed', async () => {
    const lines = await found(async (redis) => {
      await redis.xadd('s', '*', 'f', 'v')
      await redis.xadd('s', '*', 'f', 'v')
    })
    expect(lines).toEqual(['XADD ReplyError true 0', 'XADD ReplyError true 1', 'undefined ok true 2'])
  })

  test('is swallowed with the errors in the replies of a pipeline', async () => {
    const lines = await found((redis) => redis.pipeline().xadd('s', '*', 'f', 'v').xlen('s').exec())
    expect(lines).toEqual(['XADD ok false 0', 'XLEN ok false 1', 'undefined ok true 1'])
  })

  const transactions: readonly (readonly [string, (redis: Redis) => Promise<unknown>])[] = [
    ['all at once', (redis) => redis.multi().xadd('s', '*', 'f', 'v').xlen('s').exec()],
    [
      'one by one',
      async (redis) => {
        await redis.multi({ pipeline: false })
        await redis.xadd('s', '*', 'f', 'v')
        await redis.xlen('s')
        await redis.exec()
      },
    ],
  ]
  test.each(transactions)('is in the reply of EXEC: %s', async (_, write) => {
    const lines = await found(write)
    expect(lines).toEqual(['XADD ok false 0', 'XLEN ok false 1', 'undefined ok true 1'])
  })

  test('of a script is one of the whole script', async () => {
    const lines = await found((redis) => redis.eval("return redis.call('XADD', 's', '*', 'f', 'v')", 0))
    expect(lines).toEqual(['EVAL ReplyError true 0', 'undefined ok true 1'])
  })

  test('is reported by an error of the answer that names it as its cause', async () => {
    const lines = await found(async (redis) => {
      await redis.xlen('s').catch((cause: unknown) => {
        throw new Error('not read', { cause })
      })
    })
    expect(lines).toEqual(['XLEN Error true 0', 'undefined ok true 0'])
  })

  test('leaves later replies as they are, even one that ends as the reply in its place begins', async () => {
    const lines = await found(async (redis) => {
      await redis.xlen('s').catch(() => {})
      expect(await redis.echo('it costs $18')).toBe('it costs $18')
    })
    expect(lines).toEqual(['XLEN ok false 0', 'ECHO ReplyError true 0', 'undefined ok true 0'])
  })

  test('of leaving a channel reaches the caller, although the connection listens', async () => {
    const lines = await found(async (redis) => {
      await redis.subscribe('a', 'b')
      await redis.unsubscribe('a')
      await redis.unsubscribe('b')
    })
    expect(lines).toEqual([
      'SUBSCRIBE ReplyError true 0',
      'UNSUBSCRIBE ReplyError true 0',
      'UNSUBSCRIBE ReplyError true 0',
      'undefined ok true 0',
    ])
  })

  test("ioredis's own commands are not refused", async () => {
    const lines = await found((redis) => redis.duplicate().multi().xadd('s', '*', 'f', 'v').exec())
    expect(lines).toEqual(['XADD ok false 0', 'undefined ok true 1'])
  })
})

describe('errors that have to be passed on', () => {
  const passesOn = (
    run: (redis: Redis) => Promise<unknown>,
    also: { works?: () => boolean; closes?: true } = {},
  ) => passesOnErrors({ name: 'write', why: 'The caller has to know.', never: RangeError, run, ...also })
  const add = (redis: Redis) => redis.xadd('s', '*', 'f', 'v')

  test('pass as they are, or as the cause of another', async () => {
    await passesOn(add)
    await passesOn((redis) =>
      add(redis).catch((cause: unknown) => Promise.reject(new Error('not written', { cause }))),
    )
  })

  test.each<readonly [string, (redis: Redis) => Promise<unknown>]>([
    ['returned `[]`', (redis) => add(redis).catch(() => [])],
    ['resolved as if it had worked', (redis) => add(redis).then(undefined, () => {})],
    [
      'rejected with a different error (`TypeError`)',
      (redis) => add(redis).catch(() => Promise.reject(new TypeError())),
    ],
    [
      'rejected with a different error (`RangeError`)',
      (redis) => add(redis).catch((cause) => Promise.reject(new RangeError('conflict', { cause }))),
    ],
  ])('fail if the code %s', async (made, run) => {
    await expect(passesOn(run)).rejects.toThrow(
      `Redis refused \`XADD\` with an error (\`NOPERM\`), and \`write\` ${made}. Expected it to reject with that error. The caller has to know.`,
    )
  })

  test("don't count if the code did its job in another way", async () => {
    await passesOn((redis) => add(redis).catch(() => add(redis)), { works: () => true })
  })

  test("don't come from QUIT, which no user can be refused", async () => {
    await passesOn(async (redis) => {
      const own = redis.duplicate()
      await own.xlen('s').finally(() => own.quit().catch(() => {}))
    })
  })

  test.each<readonly [string, (redis: Redis) => Promise<unknown>]>([
    ['pipeline', (redis) => redis.pipeline().xadd('s', '*', 'f', 'v').exec()],
    ['transaction', (redis) => redis.multi().xadd('s', '*', 'f', 'v').exec()],
  ])('are looked for in the replies to a %s', async (_, run) => {
    const where =
      'The caller has to know. `exec()` resolves even if one of its commands fails, so check each reply.'
    await expect(passesOn(run)).rejects.toThrow(where)
  })

  test("aren't looked for in replies that have none", async () => {
    const checked = async (redis: Redis) => {
      for (const [error] of (await redis.pipeline().xlen('s').exec()) ?? []) if (error) throw error
      return await redis.xlen('s').catch(() => 0)
    }
    await expect(passesOn(checked)).rejects.toThrow(/The caller has to know\.$/)
  })

  const leaveOpenAfter = (own: Redis, isOpen: (error?: unknown) => boolean) =>
    add(own).then(
      () => void (isOpen() || own.disconnect()),
      (error: unknown) => {
        if (!isOpen(error)) own.disconnect()
        throw error
      },
    )

  test('may not leave a connection open, if the suite says so', async () => {
    const onError = (redis: Redis) => leaveOpenAfter(redis.duplicate(), (error) => error !== undefined)
    await passesOn(onError)
    const open = '`write` left a connection open. Close your own connections in a `finally`.'
    await expect(passesOn(onError, { closes: true })).rejects.toThrow(`Redis refused \`XADD\`, and ${open}`)
    const onSuccess = (redis: Redis) => leaveOpenAfter(redis.duplicate(), (error) => error === undefined)
    await expect(passesOn(onSuccess, { closes: true })).rejects.toThrow(open)
  })

  test('are also those about a key of another type', async () => {
    const passes = (run: () => Promise<unknown>) => passesOnWrongType('write', 's', run)
    await passes(() => add(box.redis))
    expect(await box.admin.exists('s')).toBe(0)
    await passes(() => add(box.redis).catch((cause: unknown) => Promise.reject(new Error('no', { cause }))))
    const held = 'The key `s` held a list, and `write`'
    const expected =
      "Expected it to reject with the error from Redis (`WRONGTYPE`). An error isn't an empty reply."
    await expect(passes(() => add(box.redis).catch(() => []))).rejects.toThrow(
      `${held} returned \`[]\`. ${expected}`,
    )
    await expect(passes(() => add(box.redis).catch(() => Promise.reject(new TypeError())))).rejects.toThrow(
      `${held} rejected with a different error (\`TypeError\`). ${expected}`,
    )
    await expect(passes(() => box.redis.pipeline().xlen('s').exec())).rejects.toThrow('so check each reply')
    const own = box.redis.duplicate()
    await expect(passes(() => add(own))).rejects.toThrow(`${held} left a connection open.`)
  })
})
