import { expect, test } from 'vitest'
import { loadCourse, withSamples } from '../../../src/course/index.ts'

test('a reader sees values, never placeholders', () => {
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
    '```output',
    'took <ms> ms, <ms:90> left <any>',
    '```',
  ].join('\n')
  const lines = withSamples(markdown).split('\n')
  expect(lines[0]).toBe('The key `user:<id>` has an ID.')
  expect(lines[2]).toBe('> XADD s * n <id>')
  const [first, second] = [lines[3] ?? '', lines[5] ?? '']
  expect(first).toMatch(/^"\d+-0"$/)
  expect(second).not.toBe(first)
  expect(lines.slice(7, 9)).toEqual([`1) 1) ${first}`, `2) 1) ${second}`])
  expect(lines[11]).toBe('took 3 ms, 90 left …')
})

const course = await loadCourse()
test.each(course.lessons)('no output of lesson $number shows a placeholder', async ({ slug }) => {
  const { text } = await course.lesson(slug)
  const blocks = [...withSamples(text).matchAll(/^```(?:redis.*|output)\n([\s\S]*?)^```$/gm)]
  for (const [, block = ''] of blocks) expect(block).not.toMatch(/<(id|uuid|time|ms|any)[:>]/)
})
