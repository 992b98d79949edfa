import { describe, expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { parseMarkdown } from '../../../src/markdown/parse.ts'
import { linksOf } from '../../../src/web/links.ts'
import { cutIntoSlides } from '../../../src/web/slides/cut.ts'
import { lessonSlides } from '../../../src/web/slides/deck.ts'

const cut = async (markdown: string) => cutIntoSlides('Title', await parseMarkdown(markdown))
const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`).join('\n')

test('a slide for each heading with content', async () => {
  const slides = await cut('# A\n\none\n\n## B\n\n### C\n\ntwo\n\n## D\n\nthree')
  expect(slides.map(({ title, above }) => ({ title, above }))).toEqual([
    { title: 'A', above: undefined },
    { title: 'C', above: 'B' },
    { title: 'D', above: undefined },
  ])
})

test('long code continues, cut at blank lines where possible', async () => {
  const slides = await cut(`# A\n\n\`\`\`ts\n${lines(12)}\n\n${lines(12)}\n\`\`\``)
  expect(slides.map(({ part, parts }) => `${part}/${parts}`)).toEqual(['1/2', '2/2'])
  expect(slides.map(({ tokens }) => tokens[0]?.content.trimEnd())).toEqual([`${lines(12)}`, lines(12)])
})

test('a picture of a race stays whole', async () => {
  const slides = await cut(`# A\n\nLook:\n\n\`\`\`lanes starter\n${lines(20)}\n\`\`\`\n\nAfter it.`)
  const [race] = slides.flatMap(({ tokens }) => tokens).filter(({ type }) => type === 'fence')
  expect(race?.content.trimEnd()).toBe(lines(20))
})

test('a list continues with its own number', async () => {
  const items = Array.from({ length: 14 }, (_, index) => `${index + 1}. item ${index + 1}`).join('\n')
  const slides = await cut(`# A\n\n${items}`)
  expect(slides.length).toBe(2)
  expect(slides[1]?.tokens[0]?.attrGet('start')).toBe('8')
})

test('a table that continues keeps its header', async () => {
  const rows = Array.from({ length: 14 }, (_, index) => `| ${index} | x |`).join('\n')
  const slides = await cut(`# A\n\n| a | b |\n|---|---|\n${rows}`)
  expect(slides.length).toBeGreaterThan(1)
  for (const { tokens } of slides) {
    expect(tokens.filter(({ type }) => type === 'th_open').length).toBe(2)
    expect(tokens.reduce((depth, { nesting }) => depth + nesting, 0)).toBe(0)
  }
})

test('a sentence that announces code stays with it', async () => {
  const slides = await cut(`# A\n\n${'word '.repeat(150)}\n\nLook:\n\n\`\`\`\n${lines(12)}\n\`\`\``)
  expect(slides[1]?.tokens.map(({ content }) => content)).toContain('Look:')
})

test('notes belong to the slide they are on', async () => {
  const slides = await cut('# A\n\none\n\n<!-- note: say *one* -->\n\n## B\n\ntwo')
  expect(slides.map(({ notes }) => notes)).toEqual([['say *one*'], []])
})

const course = await loadCourse()

describe('no word or snippet of a lesson is lost', () => {
  test.each(course.lessons.map(({ slug }) => slug))('%s', async (slug) => {
    const lesson = await course.lesson(slug)
    const slides = await lessonSlides(lesson, linksOf(course, slug))
    const shown = slides.map(({ title, body, notes }) => `${title} ${body} ${notes}`).join(' ')
    const read = shown.replace(/<img [^>]*alt="([^"]*)">/g, '$1')
    const text = wordsOf(read.replace(/<\/?(?:p|pre|li|t[dhr]|div)\b[^>]*>/g, ' ').replace(/<[^>]+>/g, ''))
    const written = lesson.text
      .replace(/<!-- helps:.*-->/g, '')
      .replace(/^(?:Minutes|Needs|Builds on|Before):.*$/gm, '')
      .replace(/^```lanes .*$/gm, '') // the name of the answer that the picture is drawn from
      .replace(/\]\([^)]*\)|[`*]/g, '')
    expect(wordsOf(written).filter((word) => !text.includes(word))).toEqual([])
    const runs = [...shown.matchAll(/data-island="run" data-props="\{&quot;number&quot;:(\d+)/g)]
    expect(runs.map(([, number]) => Number(number))).toEqual(lesson.snippets.map((_, index) => index + 1))
  })
})

function wordsOf(text: string): readonly string[] {
  const plain = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"')
  return [...new Set(plain.match(/[\p{L}]{3,}/gu) ?? [])].filter((word) => !markup.has(word))
}

/** Words of the format, not of the text. */
const markup: ReadonlySet<string> = new Set([
  'redis',
  'run',
  'fails',
  'output',
  'Hints',
  'Quiz',
  'bash',
  'lua',
  'json',
])
