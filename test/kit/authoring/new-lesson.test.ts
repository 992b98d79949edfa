import { appendFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkLessons, newLesson } from '../../../src/authoring/index.ts'
import { filesOf, loadCourse } from '../../../src/course/index.ts'
import { newSession } from '../../../src/learner/check-session.ts'
import { newCourse } from './course-copy.ts'

describe('dev new', () => {
  test('creates all files of a readable lesson', async () => {
    const course = await newCourse()
    const lesson = await course.lesson('01-greetings')
    expect(lesson).toMatchObject({ title: 'Greetings', exports: ['greet'], minutes: 20 })
    expect(lesson.tasks[0]?.hints).toHaveLength(3)
  })

  test('uses the next number and the last chapter, or the given ones', async () => {
    const course = await newCourse()
    const { slug, files } = await newLesson(course, 'out-box', { title: 'The: "outbox"' })
    expect(slug).toBe('02-out-box')
    expect(files.map((file) => path.relative(course.root, file).split(path.sep).join('/'))).toEqual([
      'lessons/02-out-box.md',
      'exercises/02-out-box.ts',
      'solutions/02-out-box.ts',
      'test/lessons/02-out-box.test.ts',
      'test/right-answers/02-out-box/same-as-the-solution.ts',
      'test/mistakes/02-out-box.md',
    ])
    await newLesson(course, '17-far', { chapter: 'Elsewhere' })
    const { lessons } = await loadCourse(course.root)
    expect(lessons.map(({ slug, title, chapter }) => [slug, title, chapter])).toEqual([
      ['01-greetings', 'Greetings', 'More'],
      ['02-out-box', 'The: "outbox"', 'More'],
      ['17-far', 'Far', 'Elsewhere'],
    ])
  })

  test.each([
    ['Outbox', "can't be the name of a lesson"],
    ['../x', "can't be the name of a lesson"],
    ['greetings', "There's already a lesson 01-greetings"],
    ['01-other', "There's already a lesson 01-greetings"],
  ])('%s is refused, and nothing is written', async (name, problem) => {
    const course = await newCourse()
    await expect(newLesson(course, name)).rejects.toThrow(problem)
    expect((await loadCourse(course.root)).lessons).toHaveLength(1)
  })

  test('never writes over a file', async () => {
    const course = await newCourse()
    await newLesson(course, 'twice')
    const file = path.join(course.root, 'lessons', '02-twice.md')
    const before = await readFile(file, 'utf8')
    // The course that was read before doesn't have it.
    await expect(newLesson(course, 'twice')).rejects.toThrow('already exists')
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  test('its lesson runs, and dev check says what is left to write', { timeout: 120_000 }, async () => {
    const course = await newCourse()
    const session = newSession({ course, preference: 'embedded', stayWarm: true })
    try {
      const report = await checkLessons({ course, slugs: ['01-greetings'], sessions: [session] })
      const [lesson] = report.lessons
      expect(report.findings).toEqual([])
      expect(lesson).toMatchObject({ ok: false, checks: 4 })
      const rules = lesson?.findings.map(({ level, rule }) => `${level}: ${rule}`)
      // Only what the author has to write: the words, the answers and everything marked TODO.
      expect(new Set(rules)).toEqual(new Set(['error: todo', 'warning: words', 'error: answers']))

      // A test inside another describe, or in none, is reported under no task.
      const { suite } = filesOf(course, '01-greetings')
      await appendFile(
        suite,
        "\ntest('alone', () => {})\ndescribe('greet', () => {\n  describe('inner', () => {\n    test('deep', () => {})\n  })\n})\n",
      )
      const { strays } = await session.check('01-greetings', { kind: 'solution' })
      expect(strays).toEqual(expect.arrayContaining(['alone', 'inner']))
    } finally {
      await session.close()
    }
  })
})
