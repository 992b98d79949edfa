import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newHome, programAt } from './program.ts'

let parent: string
let folder: string
beforeAll(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'eventlings-own-'))
  folder = path.join(parent, 'my-course')
})
afterAll(() => rm(parent, { recursive: true, force: true }))

test('a course of your own, from its creation to a pass', async () => {
  const eventlings = programAt(await newHome())
  const own = (...words: string[]) => eventlings(...words, '--course', folder)

  const created = await eventlings('dev', 'new-course', folder)
  expect(created).toMatchObject({ code: 0, stderr: '' })
  expect(created.stdout).toContain(path.join(folder, 'lessons', '01-first-steps.md'))

  expect((await own('list')).stdout).toContain('01 First steps')
  expect((await own('read', '01')).stdout).toContain('greet')
  const started = await own('start', '01')
  const answer = /^ {2}(.*01-first-steps\.ts)$/m.exec(started.stdout)?.[1] ?? ''
  expect(await readFile(answer, 'utf8')).toContain("throw new Error('Not written yet: greet')")
  const red = await own('check', '01')
  expect(red).toMatchObject({ code: 1 })
  const printed = `${started.stdout}${red.stdout}`.match(/npx eventlings [^`"\n]*/g) ?? []
  expect(printed).toHaveLength(4) // what to type next, and it works as it's printed
  for (const command of printed) expect(command).toContain(`npx eventlings --course ${folder} `)
  const [, hint = ''] = /npx eventlings (.* hint 01)/.exec(red.stdout) ?? []
  expect(await eventlings(...hint.split(' '))).toMatchObject({ code: 0, stderr: '' })
  await copyFile(path.join(folder, 'solutions', '01-first-steps.ts'), answer)
  expect(await own('check', '01')).toMatchObject({ code: 0 })

  const { stdout } = await own('dev', 'check', '--json')
  const found = JSON.parse(stdout).lessons[0].findings as readonly { rule: string }[]
  // What an author has to write is missing, and nothing else is wrong.
  expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(['todo', 'words', 'answers']))
})

test('a path with a space is printed as it has to be typed', async () => {
  const eventlings = programAt(await newHome())
  const spaced = path.join(parent, 'my own course')
  const { stdout } = await eventlings('dev', 'new-course', spaced)
  expect(stdout).toContain(`npx eventlings --course "${spaced}" dev check`)
  expect((await eventlings('--course', spaced, 'list')).stdout).toContain(`--course "${spaced}" start 01`)
})

test('a folder that has files is left alone', async () => {
  const eventlings = programAt(await newHome())
  expect(await eventlings('dev', 'new-course', parent)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("isn't an empty folder"),
  })
})

test('a folder without lessons is named', async () => {
  const eventlings = programAt(await newHome())
  const { code, stderr } = await eventlings('list', '--course', parent)
  expect(code).not.toBe(0)
  expect(stderr).toContain(`There are no lessons in ${parent}`)
  expect(stderr).toContain('--course')
})
