import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import {
  BadLessonError,
  chapters,
  filesOf,
  loadCourse,
  NoCourseError,
  UnknownLessonError,
} from '../../../src/course/index.ts'
import { courseFolder, lessonFile, oneTask } from './course-folder.ts'

async function loadOne(fields: Readonly<Record<string, string | undefined>>): Promise<unknown> {
  const root = await courseFolder({ '01-events.md': lessonFile(fields) })
  return loadCourse(root).catch((error: unknown) => error)
}

describe('loadCourse', () => {
  test('reads number, slug and front matter of every lesson, in order', async () => {
    const root = await courseFolder({
      '02-list-store.md': lessonFile({ title: 'A store', after: '[01-events]', needs: '[real-server]' }),
      '01-events.md': lessonFile(),
    })
    const { lessons } = await loadCourse(root)
    expect(lessons).toEqual([
      {
        slug: '01-events',
        number: '01',
        title: 'Events',
        chapter: 'Events, on lists',
        minutes: 20,
        after: [],
        needs: [],
      },
      {
        slug: '02-list-store',
        number: '02',
        title: 'A store',
        chapter: 'Events, on lists',
        minutes: 20,
        after: ['01-events'],
        needs: ['real-server'],
      },
    ])
  })

  test('leaves out files not named NN-slug.md', async () => {
    const root = await courseFolder({
      '01-events.md': lessonFile(),
      'README.md': '# Lessons',
      'INSTRUCTOR.md': 'x',
      '1-short.md': 'x',
      '02_other.md': 'x',
      '03-notes.txt': 'x',
      '04-draft.md~': 'x',
    })
    await mkdir(path.join(root, 'lessons', '05-folder.md'))
    const { lessons } = await loadCourse(root)
    expect(lessons.map(({ slug }) => slug)).toEqual(['01-events'])
  })

  test('reads a lesson with line ends and byte order mark of Windows', async () => {
    const text = `\uFEFF${lessonFile()}`.replaceAll('\n', '\r\n')
    const course = await loadCourse(await courseFolder({ '01-events.md': text }))
    const lesson = await course.lesson('01-events')
    expect(lesson.tasks[0]?.text.map(({ content }) => content)).toContain('Write it.')
    expect(lesson.text).not.toContain('\r')
  })

  test('reports a course without lessons', async () => {
    const root = await courseFolder({})
    await expect(loadCourse(root)).rejects.toThrow(NoCourseError)
    await expect(loadCourse(path.join(root, 'nowhere'))).rejects.toThrow('There are no lessons in')
  })

  test('reads the lessons of this project, each one entirely', async () => {
    const course = await loadCourse()
    expect(course.root).toBe(projectRoot())
    for (const { slug } of course.lessons) {
      const lesson = await course.lesson(slug)
      expect(lesson.tasks.length, slug).toBeGreaterThan(0)
      expect(lesson.file).toBe(filesOf(course, slug).lesson)
    }
  })
})

describe('bad front matter names the file, the field and what to do', () => {
  test.each([
    ['title', undefined, 'It must be a string, for example "title: Events".'],
    ['title', '""', 'It must be a string'],
    ['chapter', undefined, 'for example "chapter: Events, on lists"'],
    ['minutes', 'twenty', 'It must be a whole number, for example "minutes: 20".'],
    ['minutes', '12.5', 'It must be a whole number'],
    ['minutes', '0', 'It must be more than 0.'],
    ['after', '01-events', 'It must be a list of lessons'],
    ['after', '[1]', 'It must be a list of lessons'],
    ['after', '[00-nothing]', `There's no earlier lesson "00-nothing".`],
    ['after', '[01-events]', `There's no earlier lesson "01-events".`],
    ['needs', '[docker]', 'It may contain real-server, own-server, cluster.'],
    ['needs', 'real-server', 'It must be a list.'],
    ['exports', undefined, 'for example [createEvent]'],
    ['exports', '[]', 'for example [createEvent]'],
    ['exports', '["a b"]', 'for example [createEvent]'],
    ['allow', 'CONFIG SET', 'for example [CONFIG SET]'],
    ['fold', 'applyEvent', 'It must name keys with one * for the ID'],
    ['fold', '{ keys: events, by: applyEvent }', 'It must name keys with one * for the ID'],
    ['fold', '{ keys: "events:*", by: "a b" }', 'It must name keys with one * for the ID'],
    ['minuts', '20', 'Did you mean minutes?'],
    ['colour', 'red', 'The fields are title, chapter, minutes'],
  ])('%s: %s', async (field, value, problem) => {
    const error = await loadOne({ [field]: value })
    expect(error).toBeInstanceOf(BadLessonError)
    expect(error).toMatchObject({
      file: 'lessons/01-events.md',
      field,
      problem: expect.stringContaining(problem),
    })
    expect(String(error)).toContain(`lessons/01-events.md, ${field}: `)
  })

  test.each([
    ['no front matter', oneTask],
    ['front matter that is not closed', '---\ntitle: Events\n# Events\n'],
    ['an empty file', ''],
  ])('%s', async (_what, text) => {
    const root = await courseFolder({ '01-events.md': text })
    await expect(loadCourse(root)).rejects.toMatchObject({ field: 'front matter' })
  })

  test('invalid YAML names its line in the file', async () => {
    expect(await loadOne({ minutes: '20', exports: '[a' })).toMatchObject({
      field: 'front matter',
      line: expect.any(Number),
      message: expect.stringMatching(/^lessons\/01-events\.md:\d+, front matter: It isn't valid YAML/),
    })
  })

  test('front matter that is a string or empty', async () => {
    const root = await courseFolder({ '01-events.md': '---\nhello\n---\n' })
    await expect(loadCourse(root)).rejects.toThrow(BadLessonError)
    const empty = await courseFolder({ '01-events.md': '---\n---\n' })
    await expect(loadCourse(empty)).rejects.toMatchObject({ field: 'title' })
  })
})

describe('lessons must fit together', () => {
  test('a number that occurs twice', async () => {
    const root = await courseFolder({ '01-events.md': lessonFile(), '01-facts.md': lessonFile() })
    await expect(loadCourse(root)).rejects.toMatchObject({
      file: 'lessons/01-facts.md',
      field: 'number',
      problem: '01-events also has the number 01. Give one of them another number.',
    })
  })

  test('a name that occurs twice', async () => {
    const root = await courseFolder({ '01-events.md': lessonFile(), '02-events.md': lessonFile() })
    await expect(loadCourse(root)).rejects.toMatchObject({ file: 'lessons/02-events.md', field: 'slug' })
  })

  test('building on a lesson that is misspelled, or that comes later', async () => {
    const misspelt = { '01-events.md': lessonFile(), '02-store.md': lessonFile({ after: '[01-event]' }) }
    await expect(loadCourse(await courseFolder(misspelt))).rejects.toMatchObject({
      field: 'after',
      problem: `There's no earlier lesson "01-event". Did you mean 01-events?`,
    })
    const later = { '01-events.md': lessonFile({ after: '[02-store]' }), '02-store.md': lessonFile() }
    await expect(loadCourse(await courseFolder(later))).rejects.toMatchObject({
      file: 'lessons/01-events.md',
    })
  })
})

describe('one lesson', () => {
  test('an unknown slug is an UnknownLessonError', async () => {
    const course = await loadCourse(await courseFolder({ '01-events.md': lessonFile() }))
    await expect(course.lesson('1')).rejects.toThrow(UnknownLessonError)
    await expect(course.lesson('__proto__')).rejects.toThrow(UnknownLessonError)
  })

  test('filesOf names all its files, absolute', () => {
    const root = path.resolve('somewhere')
    expect(filesOf({ root }, '01-events')).toEqual({
      lesson: path.join(root, 'lessons/01-events.md'),
      starter: path.join(root, 'exercises/01-events.ts'),
      solution: path.join(root, 'solutions/01-events.ts'),
      suite: path.join(root, 'test/lessons/01-events.test.ts'),
      workspace: path.join(root, 'workspace/01-events.ts'),
      rightAnswers: path.join(root, 'test/right-answers/01-events'),
      mistakes: path.join(root, 'test/mistakes/01-events.md'),
    })
  })

  test('chapters are numbered in the order in which they occur', async () => {
    const root = await courseFolder({
      '01-a.md': lessonFile({ chapter: 'Lists' }),
      '02-b.md': lessonFile({ chapter: 'Streams' }),
      '03-c.md': lessonFile({ chapter: 'Lists' }),
    })
    const found = chapters(await loadCourse(root))
    expect(
      found.map(({ number, title, lessons }) => [number, title, lessons.map(({ slug }) => slug)]),
    ).toEqual([
      [1, 'Lists', ['01-a', '03-c']],
      [2, 'Streams', ['02-b']],
    ])
  })
})
