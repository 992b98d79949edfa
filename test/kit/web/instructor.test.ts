import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { linksOf } from '../../../src/web/links.ts'
import { lessonSlides } from '../../../src/web/slides/deck.ts'
import { notesIn, speakerNotes } from '../../../src/web/slides/instructor.ts'

const course = await loadCourse()

test('every lesson has its paragraph, under its own title, and no other has one', async () => {
  const notes = await speakerNotes(course.root)
  const numbers = course.lessons.map(({ number }) => number)
  expect([...notes.keys()].sort()).toEqual(numbers)
  for (const [number, text] of notes) expect(text, number).toMatch(/^_Say:_ \S/)
})

test('the titles match the lessons', async () => {
  const text = await readFile(path.join(course.root, 'lessons', 'INSTRUCTOR.md'), 'utf8')
  const missing = course.lessons.map(({ number, title }) => `**${number} ${title}.**`)
  expect(missing.filter((heading) => !text.includes(heading))).toEqual([])
})

test('the first slide has it in its notes', async () => {
  const lesson = await course.lesson('07-concurrency')
  const [title] = await lessonSlides(
    lesson,
    linksOf(course, lesson.slug),
    (await speakerNotes(course.root)).get('07'),
  )
  expect(title?.notes).toContain('<em>Say:</em>')
  expect(title?.notes).toContain('<p><em>Stuck:</em>')
  expect(title?.notes).toContain('4 tasks: appendEvent')
})

test('paragraphs end at the next lesson, at a heading, at an empty line', () => {
  const notes = notesIn(`# Lessons

**01 One.** _Say:_ a **bold**
word. _Show:_ b. **02 Two.** _Say:_ c.
## Next
**03 Three.** _Say:_ d.

Something else.
`)
  expect([...notes]).toEqual([
    ['01', '_Say:_ a **bold**\nword.\n\n_Show:_ b.'],
    ['02', '_Say:_ c.'],
    ['03', '_Say:_ d.'],
  ])
})

test('a course without the file has no notes', async () => {
  expect((await speakerNotes('/nowhere')).size).toBe(0)
})
