import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fixture, fixtureRoot, openFixture, SLUG, spelledOut } from './fixture-course.ts'

let fixture: Fixture
let solution: string
beforeAll(async () => {
  fixture = await openFixture('embedded')
  solution = await readFile(join(fixtureRoot, 'solutions', `${SLUG}.ts`), 'utf8')
})
afterAll(() => fixture.close())

/** The process in which the solution ran, with some extra code. */
async function processOf(beside = '', sharedProcess = true): Promise<string> {
  const result = await fixture.check(`${solution}\n${beside}\nconsole.log('in', process.pid)`, {
    sharedProcess,
  })
  const { passed, output } = result
  const process = /in \d+/.exec(output)?.[0]
  if (!passed || process === undefined)
    throw new Error(`It should pass and print its pid, and printed: ${output}\n${spelledOut(result)}`)
  return process
}

test('answers that leave nothing behind share a process, whatever their verdicts', async () => {
  const first = await processOf()
  const wrong = await fixture.check(solution.replace("redis.call('RPUSH', KEYS[2], ARGV[1])", ''), {
    sharedProcess: true,
  })
  expect(spelledOut(wrong)).toContain('left the event in one place of two')
  expect(await processOf()).toBe(first)
})

test('an answer that asks for its own process gets one, and no other answer uses it', async () => {
  const shared = await processOf()
  const own = await processOf('', false)
  expect(own).not.toBe(shared)
  expect(await processOf()).not.toBe(own)
})

const LEFTOVERS: Readonly<Record<string, string>> = {
  'a timer': 'setInterval(() => {}, 60_000)',
  'a global name': 'Object.assign(globalThis, { kept: true })',
  'a server': `const { createServer } = await import('node:net'); createServer().listen(0, '127.0.0.1')`,
  memory: 'const hoard = Buffer.alloc(300 * 1024 * 1024, 1); hoard.at(0)',
}
test.each(Object.entries(LEFTOVERS))(
  'the next answer does not run in a process where one has left %s',
  async (_, left) => {
    const before = await processOf(left)
    expect(await processOf()).not.toBe(before)
  },
)

test('a replaced method is reported for the answer that did it, and not for the next one', async () => {
  const replaces = await fixture.check(`${solution}\nArray.prototype.map = () => []`, { sharedProcess: true })
  expect(spelledOut(replaces)).toContain('Your code replaced `Array.prototype.map`')
  await processOf()
})

test('the next answer does not run in a process where promises were rejected', async () => {
  const before = await processOf()
  const rejects = solution.replace('try {', 'Promise.reject(1)\n  Promise.reject(2)\n  try {')
  expect((await fixture.check(rejects, { sharedProcess: true })).passed).toBe(false)
  expect(await processOf()).not.toBe(before)
})

test('open connections are counted for each answer', async () => {
  const leaves = solution.replace('try {', 'await redis.duplicate().connect()\n  try {')
  const [one, other] = [
    await fixture.check(leaves, { sharedProcess: true }),
    await fixture.check(solution, { sharedProcess: true }),
  ]
  expect(one.notes).toHaveLength(1)
  expect(other.notes).toEqual([])
})
