import { expect, test } from 'vitest'
import { loadCourse, readerText } from '../../../src/course/index.ts'
import { parseLesson } from '../../../src/course/parse.ts'
import { lessonFile, oneTask } from './course-folder.ts'

test('a reader sees values, never placeholders', async () => {
  const markdown = [
    'The key `user:<id>` has an ID.',
    '```redis',
    '> XADD s * n <id>',
    '"<id>"',
    '> XADD s * n 2',
    '"<id>"',
    '> XRANGE s - +',
    '1) 1) "<id>"',
    '2) 1) "<id>"',
    '```',
    '```ts run',
    'console.log(1)',
    '```',
    '```output',
    'took <ms> ms, <ms:90> left <any>',
    '```',
  ].join('\n')
  const file = lessonFile({}, `${markdown}\n\n${oneTask}`)
  const { intro } = await parseLesson('lessons/01-events.md', file, { needs: [] })
  const [text = '', redis = '', , output = ''] = intro.map(({ content }) => content).filter(Boolean)
  const lines = redis.split('\n')
  expect(text).toBe('The key `user:<id>` has an ID.')
  expect(lines[0]).toBe('> XADD s * n <id>')
  const [first, second] = [lines[1] ?? '', lines[3] ?? '']
  expect(first).toMatch(/^"\d+-0"$/)
  expect(second).not.toBe(first)
  expect(lines.slice(5, 7)).toEqual([`1) 1) ${first}`, `2) 1) ${second}`])
  expect(output).toBe('took 3 ms, 90 left …\n')
})

const course = await loadCourse()
test.each(course.lessons)('no output of lesson $number shows a placeholder', async ({ slug }) => {
  for (const { type, info, content } of readerText(await course.lesson(slug))) {
    if (type === 'fence' && /^(redis|output)/.test(info))
      expect(content).not.toMatch(/<(id|uuid|time|ms|any)[:>]/)
  }
})
