import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { filesOf } from '../../../src/course/index.ts'
import { newHome, programAt } from './program.ts'

describe('tracks', () => {
  test('list --track shows only that track, what it builds on, and how to follow it', async () => {
    const eventlings = programAt(await newHome())
    const { code, stdout } = await eventlings('list', '--track', 'production')
    expect(code).toBe(0)
    expect(stdout).toContain('Track production: ')
    expect(stdout).toContain('07 Versions and races')
    expect(stdout).not.toContain('01 Events')
    expect(stdout).toMatch(/It builds on 01-events.*which this track leaves out\./)
    expect(stdout).toContain('npx eventlings start --track production')
    const { stdout: data } = await eventlings('list', '--track', 'ninety-minutes', '--json')
    const { track, lessons } = JSON.parse(data)
    expect(track).toBe('ninety-minutes')
    expect(lessons.map(({ slug }: { slug: string }) => slug.slice(0, 2))).toEqual([
      '01',
      '02',
      '05',
      '07',
      '08',
    ])
  })

  test('start --track leads along it, until "all"', async () => {
    const eventlings = programAt(await newHome())
    expect((await eventlings('start', '--track', 'production')).stdout).toContain(
      'Lesson 07, Versions and races',
    )
    await eventlings('skip', '07')
    expect((await eventlings('start')).stdout).toContain('Lesson 11')
    const { stdout: list } = await eventlings('list')
    expect(list).toContain('Your track is production: 0 of ')
    expect(list).toContain('Only its lessons: npx eventlings list --track production')
    expect((await eventlings('start', '--track', 'all')).stdout).toContain('Lesson 01, Events')
  })

  test('its name, however long, has room beside its bar', async () => {
    const eventlings = programAt(await newHome())
    await eventlings('start', '--track', 'ninety-minutes')
    const { stdout } = await eventlings('progress')
    expect(stdout).toMatch(/^Your track: ninety-minutes {2}\S+ 0 of 5$/m)
  })

  test('the help of start names them all', async () => {
    const { stdout } = await programAt(await newHome())('start', '--help')
    expect(stdout.replace(/\s+/g, ' ')).toContain('ninety-minutes, half-day, one-day, all')
  })

  test('a pass leads on along it, past what is done', async () => {
    const home = await newHome()
    const eventlings = programAt(home)
    await eventlings('start', '--track', 'ninety-minutes')
    await eventlings('skip', '05')
    await eventlings('start', '02')
    const { solution } = filesOf({ root: projectRoot() }, '02-list-store')
    await copyFile(solution, path.join(home, 'workspace', '02-list-store.ts'))
    const { code, stdout } = await eventlings('check', '--redis', 'embedded')
    expect(code).toBe(0)
    expect(stdout).toContain('npx eventlings start 07')
  })

  test('an unknown track is wrong usage, and the sentence names the tracks', async () => {
    const { code, stderr } = await programAt(await newHome())('list', '--track', 'half')
    expect(code).toBe(2)
    expect(stderr).toContain(`There's no track "half". The tracks are ninety-minutes, half-day,`)
  })
})

describe('skip', () => {
  test('marks a range, says where to continue, and start takes one up again', async () => {
    const eventlings = programAt(await newHome())
    const { code, stdout } = await eventlings('skip', '01-03')
    expect(code).toBe(0)
    expect(stdout).toContain('Skipped: 01-events, 02-list-store, 03-replay.')
    expect(stdout).toContain('Continue with: npx eventlings start 04')
    expect((await eventlings('list')).stdout).toMatch(/^ {2}02 A list-based store +\d+ min {2}» skipped$/m)
    expect((await eventlings('skip', '1')).stdout).toContain('Nothing to skip')
    const { stdout: fourth } = await eventlings('start', '04')
    expect(fourth).not.toContain("which you haven't passed yet")
    await eventlings('start', '02')
    expect((await eventlings('list')).stdout).toMatch(/^→ 02 A list-based store +\d+ min {2}◐ started$/m)
  })

  test("says what's wrong with the arguments, and changes nothing", async () => {
    const eventlings = programAt(await newHome())
    for (const [words, sentence] of [
      [['06-01'], '6 comes after 1'],
      [['nonsense'], 'No lesson matches "nonsense"'],
      [[], 'Which lessons? For example: npx eventlings skip 01-06'],
      [['01', 'nonsense'], 'No lesson matches "nonsense"'],
    ] as const) {
      const { code, stderr } = await eventlings('skip', ...words)
      expect(code).toBe(2)
      expect(stderr).toContain(sentence)
    }
    expect((await eventlings('list')).stdout).not.toContain('skipped')
  })

  test('the placement needs a terminal', async () => {
    const { code, stderr } = await programAt(await newHome())('placement')
    expect(code).toBe(2)
    expect(stderr).toContain('npx eventlings skip 01-03')
  })
})
