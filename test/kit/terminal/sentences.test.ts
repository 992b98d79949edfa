import { describe, expect, test } from 'vitest'
import { sentenceFor, wrapSentences } from '../../../src/terminal/index.ts'

describe('sentences on a narrow terminal', () => {
  test('are broken between words', () => {
    const sentence = 'No lesson matches "99". Run it again with the number of a lesson to see them all.'
    expect(wrapSentences(sentence, 40)).toBe(
      'No lesson matches "99". Run it again\nwith the number of a lesson to see them\nall.',
    )
  })

  test.each([
    ['a command in quotes', 'No lesson is called that. Run "npx eventlings list" to see them all.'],
    ['a command in backticks', 'Lesson 01 has passed once. Try `npx eventlings diff 01`, or go on.'],
    ['a command at the end', 'To see one good answer, run this: npx eventlings solution 01 --others'],
    ['a command before a comma', 'Name the lesson: npx eventlings run 01 3, or start one.'],
    ['a command that is told more about', 'For example: npx eventlings class timer 10. --stop ends it.'],
    ['a path in quotes', 'Your answer was saved as "/home/Ada Lovelace/01 events.ts" a moment ago.'],
    ['a path with a space', 'Use this folder: /home/Ada Lovelace/01-events.ts is the file in it.'],
  ])('%s stays whole', (_, sentence) => {
    const copied = /npx [^",.`]*(?<! )|\/home.*?\.ts/.exec(sentence)?.[0] ?? ''
    const narrow = wrapSentences(sentence, copied.length + 3).split('\n')
    expect(narrow.length).toBeGreaterThan(1)
    expect(narrow.filter((line) => line.includes(copied))).toHaveLength(1)
    expect(narrow.join(' ')).toBe(sentence)
    for (const line of narrow) expect(line.length).toBeLessThanOrEqual(copied.length + 3)
  })

  test('what is too wide to copy from one line is left to the terminal', () => {
    const file = `/home/ada/${'long-'.repeat(12)}/01-events.ts`
    expect(wrapSentences(`${file} can't be used.`, 30)).toBe(`${file}\ncan't be used.`)
  })

  test('lines that fit, lines that are painted, and an indent stay as they are', () => {
    const painted = `\u001b[1m${'a word '.repeat(9)}\u001b[22m`
    expect(wrapSentences(`short\n\n${painted}`, 20)).toBe(`short\n\n${painted}`)
    expect(wrapSentences('  some words that are indented', 20)).toBe('  some words that\n  are indented')
  })

  test('without a terminal, a sentence is one line, for programs that read it', () => {
    const sentence = 'word '.repeat(40).trim()
    expect(sentenceFor({ isTTY: false, width: 40 }, sentence)).toBe(sentence)
    expect(sentenceFor({ isTTY: true, width: 40 }, sentence)).toContain('\n')
  })
})
