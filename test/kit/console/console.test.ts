import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Console, openConsole } from '../../../src/console/index.ts'
import { kindOfLine } from '../../../src/console/kind-of-line.ts'
import { filesOf, loadCourse } from '../../../src/course/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { openSnippetRunner, plainConnection, splitCommand } from '../../../src/snippets/index.ts'
import { palette } from '../../../src/terminal/index.ts'

const course = await loadCourse()
const lesson = await course.lesson('03-replay')
let redis: RunningRedis
let console: Console
let printed = ''
let width = 80
/** Maximum wait; replies come within milliseconds. */
const WAIT = { timeout: 10_000, interval: 5 }

async function prepare(): Promise<void> {
  const runner = openSnippetRunner({ root: course.root, redis, lesson })
  await runner.runAll()
  runner.close()
}
beforeAll(async () => {
  redis = await startRedis('embedded')
  await prepare()
  console = await openConsole({
    course,
    redis,
    place: { lesson, file: filesOf(course, '03-replay').solution },
    mine: undefined,
    prepare,
    palette: palette({ colours: false, unicode: true }),
    width: () => width,
    print: (text) => {
      printed += text
    },
  })
})
afterAll(async () => {
  console.close()
  await redis.stop()
})
beforeEach(() => {
  printed = ''
})

async function answer(line: string): Promise<string> {
  printed = ''
  await console.run(line)
  return printed.trimEnd()
}

describe('a line is a command, code, or a word with a dot', () => {
  test.each([
    ['get a', 'redis'],
    ['SET a "{(["', 'redis'],
    ['get(1)', 'javascript'],
    ['x = 1', 'javascript'],
    ['x * 2', 'javascript'],
    ['await redis.get("a")', 'javascript'],
    ['xrang a - +', 'redis'],
    ['.events user-42', 'dot'],
    ['exit', 'dot'],
    ['   ', 'nothing'],
  ])('%s', (line, kind) => expect(kindOfLine(line, ['GET', 'SET', 'XRANGE'], splitCommand).kind).toBe(kind))
})

describe('commands', () => {
  test('are answered as redis-cli answers them', async () => {
    expect(await answer('SET a "b c"')).toBe('OK')
    expect(await answer('get a')).toBe('"b c"')
    expect(await answer('LPUSH a 1')).toMatch(/^\(error\) WRONGTYPE/)
    expect(await answer('xrang s - +')).toBe(`There's no command "xrang". Did you mean XRANGE?`)
    expect(await answer('SET a "b')).toBe(`A quote isn't closed in: SET a "b`)
  })

  test('a transaction shows in the prompt', async () => {
    await console.run('MULTI')
    expect(console.prompt).toBe('03(TX)> ')
    await console.run('DISCARD')
    expect(console.prompt).toBe('03> ')
  })

  test('a blocking command can be stopped, and the next one is answered', async () => {
    const aside = await plainConnection(redis.url)
    await aside.send(['XGROUP', 'CREATE', 'nothing', 'group', '$', 'MKSTREAM'])
    const blocked = answer('XREADGROUP GROUP group me BLOCK 0 STREAMS nothing >')
    // So often that the blocking read has long arrived. Nothing else shows it, because on 7.0 it creates no consumer before it receives something.
    for (let trip = 0; trip < 50; trip += 1) await aside.send(['PING'])
    aside.close()
    console.interrupt()
    expect(await blocked).toMatch(/^Stopped\./)
    expect(await answer('PING')).toBe('PONG')
  })

  test('a command that would take over the connection is explained and not sent', async () => {
    expect(await answer('SUBSCRIBE events')).toContain('redis.duplicate()')
    expect(await answer('MONITOR')).toContain('.watch')
    expect(await answer('PING')).toBe('PONG')
  })

  test('a command that would end the sandbox is explained and not sent', async () => {
    for (const line of ['SHUTDOWN NOSAVE', 'DEBUG SEGFAULT']) {
      expect(await answer(line)).toMatch(/would end the sandbox, and the console with it/)
    }
    expect(await answer('PING')).toBe('PONG')
  })

  test('.reset brings the data of the lesson back', async () => {
    await answer('FLUSHDB')
    await answer('SET mine 1')
    expect(await answer('.reset')).toContain('The database is as lesson 03 leaves it.')
    expect(await answer('EXISTS mine')).toBe('(integer) 0')
    expect(await answer('EXISTS events:user-42')).toBe('(integer) 1')
  })

  test('are explained, even if the server has no descriptions', async () => {
    expect(await answer('help xadd')).toMatch(/^XADD key .*\nappends an entry to a stream/)
    expect(await answer('.help xad')).toContain('Did you mean XADD?')
  })

  test('are completed, as are keys and ids', async () => {
    expect((await console.complete('xran'))[0]).toEqual(['xrange '])
    expect((await console.complete('LRANGE events:user-4'))[0]).toContain('events:user-42')
    expect((await console.complete('.events user-'))[0]).toContain('user-42')
    expect((await console.complete('.ev'))[0]).toEqual(['.events '])
  })
})

describe('entities', () => {
  test('have a history as a table', async () => {
    const table = await answer('.events user-42')
    expect(table).toMatch(/^events:user-42\nat +event +time +payload\n/)
    expect(table).toMatch(/^0 +USER_REGISTERED +\S+Z +\{"name":"Ada"/m)
    expect(await answer('.events nobody')).toContain('No list or stream has a key that ends with nobody.')
  })

  test('have a state, by the reducer of the lesson', async () => {
    expect(await answer('.state user-42')).toMatch(
      /name: 'Ada'[\s\S]*By getEntityState of solutions\/03-replay\.ts\.$/,
    )
  })

  test('have none in a lesson that builds on none, which the sentence is exact about', async () => {
    const other = await openConsole({
      course,
      redis,
      place: {
        lesson: await course.lesson('07-concurrency'),
        file: filesOf(course, '07-concurrency').solution,
      },
      mine: undefined,
      prepare,
      palette: palette({ colours: false, unicode: true }),
      width: () => 120,
      print: (text) => {
        printed += text
      },
    })
    await other.run('.state user-42')
    other.close()
    expect(printed).toContain(
      'No function of this lesson, or of one it builds on, returns the state of an entity.',
    )
  })

  test('say whose reducer that was in words that a narrow terminal keeps whole', async () => {
    width = 40
    expect(await answer('.state user-42')).toMatch(/^By getEntityState of\nsolutions\/03-replay\.ts\.$/m)
    width = 80
  })
})

describe('functions', () => {
  test('are loaded and called, and keep variables', async () => {
    expect(await answer('applyEvent')).toContain('".load" loads your functions of this lesson.')
    expect(await answer('.load')).toBe('03-replay.ts: applyEvent, getEntityState. redis is the connection.')
    expect(await answer(`const user = await getEntityState(redis, 'user-42')`)).toContain("name: 'Ada'")
    expect(await answer('user.name')).toBe("'Ada'")
    expect((await console.complete('getEn'))[0]).toEqual(['getEntityState('])
    expect(await answer('console.log("a"); console.log("b")')).toBe('a\nb\nundefined')
  })

  test('throw sentences, not stacks', async () => {
    expect(await answer('null.name')).toMatch(/^TypeError: [^\n]*$/)
    expect(await answer('throw 5')).toBe('Thrown: 5')
  })

  test('that loop forever are ended, and loaded again', async () => {
    await answer('.load')
    const looping = answer('console.log("begun"); for (;;) {}')
    await vi.waitFor(() => expect(printed).toBe('begun\n'), WAIT)
    console.interrupt()
    expect(await looping).toMatch(/^begun\nEnded\./)
    expect(await answer('typeof applyEvent')).toBe("'function'")
  })

  test('a file that loops forever while loading is abandoned, and the earlier one stays loaded', async () => {
    await answer('.load')
    const folder = await mkdtemp(join(tmpdir(), 'eventlings-console-'))
    const [file, begun] = [join(folder, 'loops.ts'), join(folder, 'begun')]
    const marks = `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(begun)}, '')\n`
    await writeFile(file, `${marks}for (;;) {}\n`)
    const loading = answer(`.load ${file}`)
    await vi.waitFor(() => expect(existsSync(begun)).toBe(true), WAIT)
    console.interrupt()
    expect(await loading).toBe('The code was ended.')
    expect(await answer('typeof applyEvent')).toBe("'function'")
    await rm(folder, { recursive: true })
  })

  test('a missing file is named', async () => {
    expect(await answer('.load nowhere.ts')).toMatch(/^There's no file .*nowhere\.ts\.$/)
  })
})
