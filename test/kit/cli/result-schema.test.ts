import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { resultSchema } from '../../../src/check/result-schema.ts'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { newHome, programAt } from './program.ts'

const root = projectRoot()

test('check --json follows the schema, whatever the verdict', async () => {
  const run = programAt(await newHome())
  const unreadable = join(await newHome(), 'answer.ts')
  await writeFile(unreadable, 'export const = 1\n')
  for (const flags of [['--solution'], ['--starter'], ['--file', unreadable]]) {
    const { stdout } = await run('check', '01', ...flags, '--json')
    expect(resultSchema.parse(JSON.parse(stdout)).passed).toBe(flags[0] === '--solution')
  }
})

test('watch --json prints the same, one line for each verdict, and nothing else', async () => {
  const home = await newHome()
  const program = join(root, 'src', 'cli', 'eventlings.mjs')
  const watch = spawn(process.execPath, [program, 'watch', '01', '--json'], {
    cwd: root,
    env: { ...process.env, EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(async () => {
    const ended = once(watch, 'close') // its last write would get in the way of removing its home
    watch.kill('SIGTERM')
    await ended
  })
  const lines = createInterface({ input: watch.stdout })[Symbol.asyncIterator]()
  const next = async () => resultSchema.parse(JSON.parse((await lines.next()).value))
  expect(await next()).toMatchObject({
    lesson: '01-events',
    target: 'workspace',
    passed: false,
    diagnosis: null,
  })
  const solution = await readFile(join(root, 'solutions', '01-events.ts'))
  await writeFile(join(home, 'workspace', '01-events.ts'), solution)
  expect(await next()).toMatchObject({ target: 'workspace', passed: true, at: null })
})

test('CONTRIBUTING describes every field', async () => {
  const text = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8')
  const documented = new Set(
    [...text.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    ),
  )
  const fields = [...Object.keys(resultSchema.shape), ...Object.keys(resultSchema.shape.tasks.element.shape)]
  expect(fields.filter((field) => !documented.has(field))).toEqual([])
})
