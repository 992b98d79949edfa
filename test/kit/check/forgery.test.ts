import net from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fixture, fixtureRoot, openFixture, spelledOut } from './fixture-course.ts'
import { GOOD } from './guests.ts'

/** A wrong answer: whatever else it does, it must not pass. */
const WRONG = GOOD.replace(/try \{[\s\S]*\n {2}\}\n\}/, () => '}')
const top = (code: string) => `${code}\n${WRONG}`

let fixture: Fixture
beforeAll(async () => {
  fixture = await openFixture()
})
afterAll(() => fixture.close())

/** Answers that try to get a pass that they haven't earned. */
const FORGERIES: Readonly<Record<string, string>> = {
  'says done on the report pipe': top(`
import { writeSync } from 'node:fs'
const line = JSON.stringify(['main', 1, { kind: 'done', notes: [] }])
writeSync(3, '0'.repeat(64) + ' ' + line + '\\n')`),
  'reports its tasks as passed': top(`
import { writeSync } from 'node:fs'
let n = 0
for (const report of [
  { kind: 'task', task: 'append', state: 'passed', ran: 2, commands: [] },
  { kind: 'task', task: 'race', state: 'passed', ran: 2, commands: [] },
  { kind: 'done', notes: [] },
]) writeSync(3, '0'.repeat(64) + ' ' + JSON.stringify(['main', ++n, report]) + '\\n')
process.exit(0)`),
  'sends messages to its parent': top(`
;(process as unknown as { send?: (m: unknown) => void }).send?.({ kind: 'done', passed: true })`),
  'prints what a test runner prints': top(`console.log('Tests  4 passed (4)')`),
  'leaves with success at the first call': WRONG.replace('/* here */', () => 'process.exit(0)'),
  'leaves with success behind our back': WRONG.replace(
    '/* here */',
    () => '(process as unknown as { reallyExit(c: number): never }).reallyExit(0)',
  ),
  'sets the exit code': top('process.exitCode = 0'),
  'makes every comparison true': top('Object.is = () => true'),
  'makes JSON lie': top(`const s = JSON.stringify
JSON.stringify = ((v: unknown) => s(v).replaceAll('failed', 'passed')) as typeof s`),
  'makes Map forget what it held': top('Map.prototype.has = () => false'),
  'answers for the other clients': top(`import { Redis as R } from 'ioredis'
const p = Object.getPrototypeOf(R.prototype)
p.xlen = async () => 1`),
  'swallows errors of the tests': top(`process.on('uncaughtException', () => {})
process.on('unhandledRejection', () => {})`),
  'imports the check by its path': top(
    `import { verify } from '${fixtureRoot.replaceAll('\\', '/')}/../../../../src/check/kit/verify.ts'\nconsole.log(verify)`,
  ),
  'imports the solution': `export * from '../solutions/01-append'`,
  're-exports the model solution': `export * from '#built/01-append'`,
  'imports itself from the lessons': `export * from '#lesson/01-append'`,
  'takes the runner away': top(`globalThis.setTimeout = ((f: () => void) => { f(); return 0 }) as never`),
}

describe('a verdict cannot be forged', () => {
  test('the answer is wrong to begin with', async () => {
    const result = await fixture.check(WRONG)
    expect(result.passed).toBe(false)
    expect(spelledOut(result)).toBe('append should have added one entry to the stream.')
  })

  for (const [what, answer] of Object.entries(FORGERIES)) {
    test(what, async () => {
      const result = await fixture.check(answer)
      expect(result.passed).toBe(false)
      expect(spelledOut(result)).not.toBe('')
      expect(result.tasks.some((task) => task.state === 'passed')).toBe(false)
    })
  }

  test('writing to the report pipe is reported, and never passes, even with a right answer', async () => {
    const right = GOOD.replace(
      "import type { Redis } from 'ioredis'",
      () =>
        `import type { Redis } from 'ioredis'\nimport { writeSync } from 'node:fs'\nwriteSync(3, 'hello\\n')`,
    )
    const result = await fixture.check(right)
    expect(result.passed).toBe(false)
    expect(result.diagnosis).toContain('the pipe that the check uses')
  })
})

test('another Redis on this machine stays untouched', async () => {
  const heard: Buffer[] = []
  let connections = 0
  const decoy = net.createServer((socket) => {
    connections += 1
    socket.on('data', (chunk) => heard.push(chunk))
  })
  await new Promise<void>((resolve) => decoy.listen(0, '127.0.0.1', resolve))
  const { port } = decoy.address() as net.AddressInfo
  const ways = [
    `const own = new R(${port}, '127.0.0.1'); await own.set('a', 'b')`,
    `const own = redis.duplicate({ port: ${port} }); await own.set('a', 'b')`,
    `const own = net.connect(${port}, '127.0.0.1'); own.write('PING\\r\\n'); await redis.ping()`,
    `await fetch('http://127.0.0.1:${port}/')`,
  ]
  for (const way of ways) {
    const answer = `import net from 'node:net'\nimport { Redis as R } from 'ioredis'\nvoid net; void R\n${GOOD.replace('/* here */', () => way)}`
    const result = await fixture.check(answer)
    expect(result.passed).toBe(false)
    expect(spelledOut(result)).toContain(`a connection of its own to 127.0.0.1:${port}`)
  }
  expect({ connections, heard }).toEqual({ connections: 0, heard: [] })
  await new Promise((resolve) => decoy.close(resolve))
})
