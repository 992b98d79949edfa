import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { problemsOfLinks } from '../../../src/authoring/links.ts'
import { countWords, wideLines } from '../../../src/authoring/prose.ts'
import { problemOfTitles, readSuite } from '../../../src/authoring/suite-code.ts'
import type { Lesson } from '../../../src/course/index.ts'
import { parseMarkdown } from '../../../src/markdown/parse.ts'

describe('the titles of a suite', () => {
  test('plain, conditional, quoted', () => {
    const suite = `
describe('createEvent', () => {
  describe('inner', () => {})
})
// describe('in a comment', () => {})
describe("it's", () => {})
describe.skipIf(lacks('real-server'))('crash', { timeout: 1 }, () => {})
describe('don\\'t', () => {})
`
    expect(readSuite(suite).titles).toEqual(['createEvent', "it's", 'crash', "don't"])
  })

  test.each([
    [['a', 'b'], undefined],
    [['a'], "There's no describe('b')"],
    [['a', 'b', 'c'], "describe('c') belongs to no task"],
    [['a', 'b', 'b'], 'Two describe blocks'],
    [['b', 'a'], "aren't in the order of the tasks"],
  ])('%j for the tasks a and b', (titles, problem) => {
    const found = problemOfTitles(titles, ['a', 'b'])
    if (problem === undefined) expect(found).toBeUndefined()
    else expect(found).toContain(problem)
  })
})

test('words: prose counts; code, drawings, hints and quiz do not', async () => {
  const lesson = {
    intro: await parseMarkdown('One two.\n\n```ts\nnot this\n```\n\n    nor this\n\n- three `four`'),
    tasks: [{ name: 'x', number: 1, text: await parseMarkdown('five'), hints: ['not this'], needs: [] }],
    quiz: [{ question: 'not this?', answers: [] }],
    outro: await parseMarkdown('six — seven'),
  } as unknown as Lesson
  expect(countWords(lesson)).toBe(7)
})

test('lines that an 80-column terminal breaks: of drawings, and of code', async () => {
  const [fits, wide] = ['x'.repeat(78), 'x'.repeat(79)]
  const intro = await parseMarkdown(
    `${wide}\n\n    ${fits}\n    ${wide}\n\n\`\`\`ts\n${fits}\n${wide}\n\`\`\`\n\n\`\`\`lanes starter\n${wide}\n\`\`\``,
  )
  const lesson = { intro, tasks: [], outro: [] } as unknown as Lesson
  expect(wideLines(lesson)).toEqual({ drawings: [wide], code: [wide] })
})

describe('links', () => {
  async function problems(markdown: string): Promise<readonly string[]> {
    const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-links-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await writeFile(path.join(folder, 'other one.md'), '# Other\n\n## It is `XADD`, again!\n')
    return problemsOfLinks(await parseMarkdown(markdown), path.join(folder, '01-here.md'))
  }

  test('to existing places, and to the web', async () => {
    const text = `# Here and now
[a](other%20one.md) [b](other%20one.md#it-is-xadd-again) [c](#here-and-now) [d](https://redis.io) [e](mailto:a@b.c)
\`\`\`
[not a link](nowhere.md)
\`\`\``
    expect(await problems(text)).toEqual([])
  })

  test.each([
    ['[a](nowhere.md)', "The link nowhere.md leads to a file that doesn't exist"],
    ['![a](nowhere.png)', "The link nowhere.png leads to a file that doesn't exist"],
    ['[a](#nothing)', "a heading that doesn't exist"],
    ['[a](other%20one.md#nothing)', "a heading that doesn't exist"],
    ['[a](#start-redis)\n```sh\n# Start Redis\n```', "a heading that doesn't exist"],
    ['[a](/home/me/x.md)', 'works on one machine only'],
  ])('%s', async (markdown, problem) => {
    expect((await problems(markdown)).join()).toContain(problem)
  })
})
