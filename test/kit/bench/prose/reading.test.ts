import { expect, test } from 'vitest'
import type { Prose } from '../../../bench/prose/prose.ts'
import { readMarkdown } from '../../../bench/prose/read-markdown.ts'
import { readTypeScript } from '../../../bench/prose/read-typescript.ts'
import { wordsOf } from '../../../bench/prose/words.ts'

const lines = (prose: readonly Prose[]) => prose.map(({ text, lineAt }) => `${lineAt(0)} ${text}`)

test('of a page: everything but its blocks of code and its settings', async () => {
  const page = `---
title: The title
chapter: Left out
---
# A heading

A paragraph
over two lines with \`code\`.

\`\`\`ts
const leftOut = true
\`\`\`

    left out as well

| one | two |
| --- | --- |
| three | four |

- an item

<!-- note: What the
presenter says. -->
`
  expect(lines(await readMarkdown(page)).filter((line) => !line.endsWith(' '))).toEqual([
    '2 title: The title',
    '5 A heading',
    '7 A paragraph\nover two lines with `code`.',
    '16 one',
    '16 two',
    '18 three',
    '18 four',
    '20 an item',
    '22 What the\npresenter says.',
  ])
})

test('no pattern looks into code, but it can tell that an ID begins with a digit', async () => {
  const [paragraph] = await readMarkdown('After `7-0`, use `XADD stands`.')
  expect(paragraph?.masked).toBe('After `0xx`, use `xxxxxxxxxxx`.')
})

test('a line is found in the middle of a paragraph', async () => {
  const [paragraph] = await readMarkdown('\n\none\n**two**\nthree')
  expect(['one', 'two', 'three'].map((word) => paragraph?.lineAt(paragraph.text.indexOf(word)))).toEqual([
    3, 4, 5,
  ])
})

test('of a program: comments and sentences, but no names, keys, or code', () => {
  const source = `// The first line
// and the second.
/**
 * A docstring.
 */
import { a } from './prose.ts'
const key = 'orders:1'
throw new Error('One sentence ' + name + ' in two strings,' + \`and a \${kind + ' of its own'} in it.\`)
const page = <p class="grid two columns">What a reader sees</p> // at the end
const lua = \`local a = redis.call('GET', KEYS[1]) return a\`
`
  expect(lines(readTypeScript('a.tsx', source)).toSorted()).toEqual([
    '1 The first line\nand the second.',
    '3 \nA docstring.\n',
    '8 One sentence {…} in two strings,and a {…} in it.',
    '8 {…} of its own',
    '9 What a reader sees',
    '9 at the end',
  ])
})

test('a file that is no program is named', () => {
  expect(() => readTypeScript('broken.ts', 'const = 1')).toThrow('broken.ts')
})

test('only plain words have a spelling', async () => {
  const text =
    "Don't spell camelCase, XADD, src/check, --all, v2, a.b, [x] or <id>; a read-only “word” is one."
  const words = (await readMarkdown(text)).flatMap(wordsOf).map((word) => word.text)
  expect(words).toEqual(["Don't", 'spell', 'read', 'only', 'word', 'one'])
})
