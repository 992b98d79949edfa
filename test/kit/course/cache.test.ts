import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { courseFolder, lessonFile } from './course-folder.ts'

const index = (root: string) => path.join(root, '.eventlings', 'cache', 'course.json')
const titles = async (root: string) => (await loadCourse(root)).lessons.map(({ title }) => title)

test('an unchanged lesson comes from the index', async () => {
  const root = await courseFolder({ '01-events.md': lessonFile() })
  await loadCourse(root)
  const written = await readFile(index(root), 'utf8')
  await writeFile(index(root), written.replace('"title":"Events"', '"title":"From the index"'))
  expect(await titles(root)).toEqual(['From the index'])
})

test('a lesson of another size or time is read again', async () => {
  const root = await courseFolder({ '01-events.md': lessonFile() })
  const file = path.join(root, 'lessons', '01-events.md')
  await loadCourse(root)
  await writeFile(file, lessonFile({ title: 'Eventful days' }))
  expect(await titles(root)).toEqual(['Eventful days'])

  await writeFile(file, lessonFile({ title: 'Eventful ways' }))
  await utimes(file, new Date('2020-01-01'), new Date('2020-01-01'))
  expect(await titles(root)).toEqual(['Eventful ways'])
})

test('a lesson that changes while the program runs is read again', async () => {
  const root = await courseFolder({ '01-events.md': lessonFile() })
  const course = await loadCourse(root)
  await writeFile(path.join(root, 'lessons', '01-events.md'), lessonFile({ title: 'Eventful days' }))
  expect(await course.lesson('01-events')).toMatchObject({ title: 'Eventful days' })
})

test('the written file is complete, and no other file is left', async () => {
  const root = await courseFolder({ '01-events.md': lessonFile(), '02-store.md': lessonFile() })
  await Promise.all(Array.from({ length: 10 }, () => loadCourse(root)))
  expect(await readdir(path.dirname(index(root)))).toEqual(['course.json'])
  expect(Object.keys(JSON.parse(await readFile(index(root), 'utf8')).lessons)).toEqual([
    '01-events.md',
    '02-store.md',
  ])
})

test('the index is written only if something changed', async () => {
  const root = await courseFolder({ '01-events.md': lessonFile() })
  await loadCourse(root)
  await utimes(index(root), new Date('2020-01-01'), new Date('2020-01-01'))
  await loadCourse(root)
  expect((await stat(index(root))).mtime).toEqual(new Date('2020-01-01'))
})

test.each([
  ['torn', '{"format":2,"lessons":{"01-events.md":{"si'],
  ['empty', ''],
  ['of another format', '{"format":0,"lessons":{"01-events.md":{}}}'],
  ['not an object', '[]'],
  ['without lessons', '{"format":2}'],
])('an index that is %s causes no error', async (_what, content) => {
  const root = await courseFolder({ '01-events.md': lessonFile() })
  await mkdir(path.dirname(index(root)), { recursive: true })
  await writeFile(index(root), content)
  expect(await titles(root)).toEqual(['Events'])
  expect(JSON.parse(await readFile(index(root), 'utf8'))).toHaveProperty([
    'lessons',
    '01-events.md',
    'frontMatter',
  ])
})

test('an incomplete entry is read from the lesson instead', async () => {
  const root = await courseFolder({ '01-events.md': lessonFile() })
  await loadCourse(root)
  const written = await readFile(index(root), 'utf8')
  for (const broken of [
    written.replace('"title":"Events"', '"title":7'),
    written.replace('"after":[]', '"after":[1]'),
    written.replace('"minutes":20', '"minutes":null'),
    written.replace(/"frontMatter":\{.*?\}/, '"frontMatter":null'),
  ]) {
    expect(broken).not.toBe(written)
    await writeFile(index(root), broken)
    expect(await loadCourse(root)).toMatchObject({ lessons: [{ title: 'Events', after: [], minutes: 20 }] })
  }
})

test('if the index is not writable, the course is still read', async () => {
  const root = await courseFolder({ '01-events.md': lessonFile() })
  // A file in place of the folder stops even the superuser, whom no permission stops.
  await writeFile(path.join(root, '.eventlings'), '')
  expect(await titles(root)).toEqual(['Events'])

  const readOnly = await courseFolder({ '01-events.md': lessonFile() })
  await chmod(readOnly, 0o555)
  expect(await titles(readOnly)).toEqual(['Events'])
  await chmod(readOnly, 0o755)
})
