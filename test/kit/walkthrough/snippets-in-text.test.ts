import { describe, expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { asksHere, offeredOn, textWithSnippets } from '../../../src/walkthrough/snippets-in-text.ts'

const course = await loadCourse()

describe('a lesson offers to run its snippets', () => {
  for (const { slug } of course.lessons) {
    test(`${slug}: each once, in order`, async () => {
      const lesson = await course.lesson(slug)
      const offers = [...textWithSnippets(lesson, new Map()).matchAll(/^\*r runs snippet (\d+)\*$/gm)]
      expect(offers.map(([, number]) => Number(number))).toEqual(lesson.snippets.map((_, index) => index + 1))
    })
  }

  test('below the output in the lesson, which gives way to the output of a run', async () => {
    const lesson = await course.lesson('02-list-store')
    const text = textWithSnippets(lesson, new Map([[1, 'came back']]))
    expect(text).toMatch(/which is most of what a log needs:\n\n\ncame back\n/)
    expect(text).toMatch(/```output\n\[ 'second' \]\n```\n\n\*r runs snippet 6\*/)
    expect(offeredOn(text)).toBe(2)
    expect(offeredOn('nothing here')).toBeUndefined()
  })

  test('output to predict is left out until the snippet has run', async () => {
    const lesson = await course.lesson('02-list-store')
    const guessed = new Set([5, 6])
    const text = textWithSnippets(lesson, new Map(), guessed)
    expect(text).toMatch(/> LRANGE \S+ 0 -1\n```\n\n\*What comes back\? r runs snippet 5\*/)
    expect(text).not.toContain("[ 'second' ]")
    expect(offeredOn('What comes back? r runs snippet 5')).toBe(5)
    expect(text.split('\n').filter((line) => asksHere(line.replaceAll('*', '')))).toHaveLength(2)
    const after = textWithSnippets(lesson, new Map([[6, 'came back']]), guessed)
    expect(after).toMatch(/console\.log\(heard\)\n```\n\ncame back/)
  })
})
