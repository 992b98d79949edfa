import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { openSnippetRunner, type SnippetRunner } from '../../../src/snippets/index.ts'

const course = await loadCourse()
const lesson = await course.lesson('02-list-store')
const ts = lesson.snippets.findIndex(({ kind }) => kind === 'ts') + 1
const commands = lesson.snippets.findIndex(({ kind }) => kind === 'redis') + 1

let server: RunningRedis
let runner: SnippetRunner
let looking: Redis
beforeAll(async () => {
  server = await startRedis()
  looking = new Redis(server.url)
})
afterAll(async () => {
  looking.disconnect()
  await server.stop()
})
beforeEach(() => {
  runner = openSnippetRunner({ root: course.root, redis: server, lesson })
})
afterEach(() => runner.close())

/** Runs the lesson with one snippet replaced, up to that one. */
async function run(number: number, text: string, signal?: AbortSignal) {
  const { ran, failed, ended } = await runner.run(number, { edits: new Map([[number, text]]), signal })
  return { output: ran.map(({ output }) => output).join('\n'), failed, ended }
}

/** Resolves when the key exists. */
async function untilThere(key: string): Promise<void> {
  while ((await looking.exists(key)) === 0) {
    // Redis has told us, so we ask again.
  }
}

describe('TypeScript', () => {
  test('runs as the learner has changed it', async () => {
    const text = "await redis.set('mine', 'yes')\nconsole.log(await redis.get('mine'))"
    expect(await run(ts, text)).toEqual({ output: 'yes', failed: false, ended: undefined })
  })

  test('that throws ends with the name and the message', async () => {
    expect(await run(ts, "console.log('before')\nthrow new TypeError('not so')")).toEqual({
      output: 'before\nTypeError: not so',
      failed: true,
      ended: undefined,
    })
  })

  test.each([
    ['const one = 1\nconst = 2', 'SyntaxError: Expected identifier but found "=" (line 2)'],
    ['console.log(1', 'SyntaxError: Expected ")" at the end (line 1)'],
    ['if (true) {\n', 'SyntaxError: Unexpected end of file (line 1)'],
  ])('that does not parse says where: %j', async (text, output) => {
    expect(await run(ts, text)).toMatchObject({ output, failed: true })
  })

  test.each([
    'node:child_process',
    'worker_threads',
    'vitest',
    '#kit',
    './src/cli/main.ts',
    '/etc/passwd',
    'hono',
  ])('cannot import %s', async (name) => {
    const { output } = await run(ts, `import * as it from '${name}'\nconsole.log(it)`)
    expect(output).toContain(`A snippet that you've edited can't import ${name}.`)
  })

  test('can import ioredis, an earlier lesson, and a module of Node', async () => {
    const text = `import { Redis } from 'ioredis'
import { createHash } from 'node:crypto'
import { createEvent } from '#built/01-events'
console.log(redis instanceof Redis, typeof createHash, typeof createEvent)`
    expect(await run(ts, text)).toMatchObject({ output: 'true function function', failed: false })
  })

  test('reaches no other Redis', async () => {
    const text = `import { Redis } from 'ioredis'
await new Redis(6_399).set('mine', 1)
console.log('reached')`
    expect(await run(ts, text)).toEqual({
      output: '',
      failed: true,
      ended: expect.stringContaining('a connection of its own to localhost:6399. A snippet can only reach'),
    })
  })

  test.each([
    ['another process', "process.getBuiltinModule('child_process').execSync('true')"],
    ['another process', "const name = 'node:child_process';(await import(name)).spawn('sleep', ['60'])"],
    ['another process', "const name = 'cluster';(await import(name)).default.fork()"],
    ['a thread', "new (process.getBuiltinModule('worker_threads').Worker)('1', { eval: true })"],
    ['`process.binding`', "process.binding('process_wrap')"],
  ])('starts nothing that outlives it: %s by `%s`', async (what, code) => {
    expect(await run(ts, `${code}\nconsole.log('started')`)).toEqual({
      output: '',
      failed: true,
      ended: expect.stringMatching(
        new RegExp(`^Your code (tried to start|called) ${what}\\. It has to stay inside its own process`),
      ),
    })
  })

  test('sends nothing that reaches beyond the sandbox', async () => {
    const text = `await redis.flushall().catch((error) => console.log(error.message))
await redis.call('CONFIG', 'SET', 'maxmemory', '1')`
    const { output, failed } = await run(ts, text)
    expect(output).toMatch(/^FLUSHALL isn't sent from a snippet, because it wipes every database/)
    expect(output).toMatch(/\nError: CONFIG SET isn't sent from a snippet, because it changes the server/)
    expect(failed).toBe(true)
  })

  test('sends the rest of a pipeline, and nothing of a transaction', async () => {
    const text = `const said = (error) => error.message.split(',')[0]
const show = (replies) => console.log(...replies.map(([error, reply]) => (error ? said(error) : reply)))
show(await redis.pipeline().flushall().exec())
show(await redis.pipeline().set('mine', 1).flushall().get('mine').exec())
await redis.multi().set('mine', 2).flushall().exec().catch((error) => console.log(said(error)))
show(await redis.multi().get('mine').exec())
show(await redis.pipeline().get('mine').flushall().exec())`
    const { output, ended } = await run(ts, text)
    const why = "FLUSHALL isn't sent from a snippet"
    expect(output.split('\n')).toEqual([why, `OK ${why} 1`, why, '1', `1 ${why}`])
    expect(ended).toBeUndefined()
  })

  test.each(['process.exit(0)', 'process.abort()', 'process.kill(process.ppid)'])(
    '%s ends only the snippet, with a sentence',
    async (call) => {
      const { output, ended, failed } = await run(ts, `console.log('before')\n${call}\nconsole.log('after')`)
      expect(output).toBe('before')
      expect(ended).toMatch(/^Your code called `process\./)
      expect(failed).toBe(true)
    },
  )

  test('that prints a megabyte is cut', async () => {
    const { output, failed } = await run(ts, "console.log('x'.repeat(1_000_000))")
    expect(output).toMatch(/^x{65536}\n… cut after 64 kB$/)
    expect(failed).toBe(false)
  })

  test('in a loop that lets nothing else run is ended, with a sentence', async () => {
    // It has to use three seconds of a processor first, and on a busy machine that takes a while.
    runner = openSnippetRunner({ root: course.root, redis: server, lesson, seconds: 300 })
    const { ended } = await run(ts, 'for (;;) {}')
    expect(ended).toMatch(/^Your code is stuck in a loop that never ends/)
  })

  test('in a loop that waits for Redis is stopped at once, and what was printed is kept', async () => {
    const stopping = new AbortController()
    const text = "console.log('begun')\nfor (;;) await redis.incr('rounds')"
    const running = run(ts, text, stopping.signal)
    await untilThere('rounds')
    stopping.abort()
    expect(await running).toEqual({ output: 'begun', failed: true, ended: 'Stopped.' })
  })

  test('that keeps too much is ended, with a sentence in place of what V8 prints', async () => {
    const text = "console.log('begun')\nconst all = []\nfor (;;) all.push(new Array(1e6).fill(1))"
    const ended = 'Stopped, because it used more than 512 MB of memory.'
    expect(await run(ts, text)).toEqual({ output: 'begun', failed: true, ended })
  })

  test('is stopped when its time is up', async () => {
    runner = openSnippetRunner({ root: course.root, redis: server, lesson, seconds: 0.5 })
    const { ended } = await run(ts, "await redis.xread('BLOCK', 0, 'STREAMS', 'none', '$')")
    expect(ended).toBe('Stopped, because it ran for more than 0.5 seconds.')
  })
})

describe('commands', () => {
  test('run as the learner has changed them, with or without a prompt', async () => {
    expect(await run(commands, '> SET mine yes\n\nGET mine\n  HGET mine field')).toMatchObject({
      output: expect.stringMatching(/^OK\n"yes"\n\(error\) WRONGTYPE /),
      failed: true,
      ended: undefined,
    })
  })

  test.each([
    ['FLUSHALL', 'it wipes every database'],
    ['SELECT 3', 'it leaves the sandbox'],
    ['SHUTDOWN NOSAVE', 'it stops the server'],
    ['SUBSCRIBE news', 'a connection that listens'],
    ['HELLO 3', 'replies are shown only'],
    ['CLIENT REPLY OFF', 'the page shows every reply'],
    ['EVAL "redis.call(\'FLUSHDB\')" 0', 'it wipes the whole database'],
    ['GET "open', "A quote isn't closed"],
  ])('%s is answered with a sentence, and the next one is sent', async (command, why) => {
    const { output } = await run(commands, `${command}\nPING`)
    expect(output).toContain(why)
    expect(output).toMatch(/^\(error\) .*\nPONG$/)
  })

  test('with a reply of a megabyte, it is cut', async () => {
    const { output } = await run(commands, `EVAL "return string.rep('x', 1000000)" 0`)
    expect(output).toMatch(/^"x{65535}\n… cut after 64 kB$/)
  })

  test('one that blocks is stopped at once, and the next snippet runs', async () => {
    const stopping = new AbortController()
    const running = run(commands, 'PING\nSET begun 1\nBLPOP none 0\nSET never 1', stopping.signal)
    await untilThere('begun')
    stopping.abort()
    // It may be stopped before it has printed the reply to SET.
    expect(await running).toMatchObject({
      output: expect.stringMatching(/^PONG\n(OK\n)?$/),
      ended: 'Stopped.',
    })
    expect(await looking.exists('never')).toBe(0)
    expect(await run(commands, 'PING')).toMatchObject({ output: 'PONG' })
  })
})

describe('what ran before', () => {
  /** The lesson's first two snippets are commands. */
  const output = async (number: number, ...edits: readonly (readonly [number, string])[]) => {
    const { ran } = await runner.run(number, { edits: new Map(edits) })
    return ran.map(({ output }) => output).join('\n')
  }

  test('a later snippet continues on the data of what the earlier ones are now, and on no other data', async () => {
    expect(await output(1, [1, 'INCR runs'])).toBe('(integer) 1')
    expect(await output(2, [1, 'INCR runs'], [2, 'INCR runs'])).toBe('(integer) 2')
    expect(await output(2, [1, 'INCR runs'], [2, 'INCR runs']), 'again, from the beginning').toBe(
      '(integer) 2',
    )
    expect(await output(2, [1, 'INCRBY runs 5'], [2, 'INCR runs'])).toBe('(integer) 6')
    expect(await output(2, [2, 'INCR runs'])).toBe('(integer) 1')
  })

  test('if an earlier one does not get to its end, the snippet does not run', async () => {
    runner = openSnippetRunner({ root: course.root, redis: server, lesson, seconds: 0.5 })
    await expect(output(2, [1, 'BLPOP none 0'])).rejects.toThrow(
      "Snippet 1 runs before this one, and it didn't finish. Stopped, because it ran",
    )
  })
})
