import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openProgress } from '../../../src/progress/index.ts'
import { plainProgram } from '../plain-program.ts'
import { eventsIn, logIn, passed, temporaryFolder } from './sample.ts'

interface Writer {
  readonly process: ChildProcess
  /** The numbers that it reported as saved. */
  readonly saved: string[]
  readonly errors: () => string
  readonly said: (count: number) => Promise<void>
  readonly ended: Promise<unknown>
}

const writing = await plainProgram(path.join(import.meta.dirname, 'writer.ts'))
const dying = await plainProgram(path.join(import.meta.dirname, 'dies.ts'))

function program(script: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [script, ...args], { stdio: 'pipe' })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

/** A program that is ready to write `count` events and does so on `go`. */
async function writer(folder: string, label: string, count: number): Promise<Writer> {
  const child = program(writing, folder, label, String(count))
  const ended = once(child, 'close')
  const saved: string[] = []
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors += chunk
  })
  if (!child.stdout) throw new Error('The writer has no output.')
  const lines = createInterface(child.stdout)
  await once(lines, 'line')
  let waiting = { count: Number.POSITIVE_INFINITY, done: () => {} }
  lines.on('line', (line) => {
    saved.push(line)
    if (saved.length >= waiting.count) waiting.done()
  })
  const said = (number: number) =>
    new Promise<void>((done) => {
      waiting = { count: number, done }
    })
  return { process: child, saved, errors: () => errors, said, ended }
}

const go = (one: Writer) => one.process.stdin?.write('go\n')
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

describe('several programs on one log', () => {
  test('two that write 200 events each at once: none lost, numbered 1 to 401 without a gap', async () => {
    const folder = temporaryFolder()
    const two = [await writer(folder, 'a', 200), await writer(folder, 'b', 200)]
    two.forEach(go)
    await Promise.all(two.map((one) => one.ended))
    expect(two.map((one) => one.errors())).toEqual(['', ''])

    const events = eventsIn(folder)
    expect(events.map((one) => one.n)).toEqual(upTo(401))
    expect(new Set(events.map((one) => one.logId)).size).toBe(1)
    for (const label of ['a', 'b']) {
      const own = events.map((one) => one.entityId).filter((slug) => slug.startsWith(label))
      expect(own).toEqual(upTo(200).map((number) => `${label}-${number - 1}`))
    }
    expect(existsSync(path.join(folder, 'progress.lock'))).toBe(false)
    expect(openProgress(folder).notices).toEqual([])
  }, 60_000)

  test('one killed with SIGKILL in the middle: everything it reported as saved is there, and the other continues', async () => {
    const folder = temporaryFolder()
    const victim = await writer(folder, 'victim', 100_000)
    const other = await writer(folder, 'other', 150)
    const enough = victim.said(50)
    go(victim)
    go(other)
    await enough
    victim.process.kill('SIGKILL')
    await Promise.all([victim.ended, other.ended])
    expect(other.errors()).toBe('')

    const progress = openProgress(folder)
    await progress.record('CHECK_PASSED', '01-events', passed())
    const slugs = new Set(progress.since(0).map((one) => one.entityId))
    for (const number of victim.saved) expect(slugs).toContain(`victim-${number}`)
    for (const number of upTo(150)) expect(slugs).toContain(`other-${number - 1}`)
    const numbers = eventsIn(folder).map((one) => one.n)
    expect(new Set(numbers).size).toBe(numbers.length)
  }, 60_000)

  test('one killed while holding the lock, with half a line written', async () => {
    const folder = temporaryFolder()
    const progress = openProgress(folder)
    await progress.record('LESSON_OPENED', '01-events', {})
    await once(program(dying, folder), 'close')
    expect(existsSync(path.join(folder, 'progress.lock'))).toBe(true)

    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(eventsIn(folder).map((one) => one.n)).toEqual([1, 2, 4])
    expect(readFileSync(`${logIn(folder)}.torn`, 'utf8')).toBe('{"eventId":"8d8ac610-566d-4ef0-\n')
    expect(progress.notices).toEqual([expect.stringContaining('is truncated')])
    expect(existsSync(path.join(folder, 'progress.lock'))).toBe(false)
  })
})
