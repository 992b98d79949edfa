import { expect, test } from 'vitest'
import { parseMarkdown } from '../../../src/markdown/parse.ts'
import { palette, renderMarkdown } from '../../../src/terminal/index.ts'

const lesson = `# Events

One.

<!-- note: Ask first: who has
     lost data? -->

Two.

\`\`\`
<!-- note: code stays code -->
\`\`\`
`

const types = async (markdown: string) => (await parseMarkdown(markdown)).map(({ type }) => type)

test('notes become tokens of their own', async () => {
  const tokens = await parseMarkdown(lesson)
  expect(tokens.filter(({ type }) => type === 'note').map(({ content }) => content)).toEqual([
    'Ask first: who has\n     lost data?',
  ])
})

test('the terminal does not show them', async () => {
  const plain = palette({ colours: false, unicode: true })
  const shown = await renderMarkdown(lesson, { width: 60, palette: plain })
  expect(shown).not.toContain('lost data')
  expect(shown).toContain('<!-- note: code stays code -->')
})

test.each([
  ['never ended', 'One.\n\n<!-- note: forever\n\nTwo.'],
  ['text after its end', '<!-- note: a --> b\n\nTwo.\n\n<!-- note: c -->x'],
  ['another comment', '<!-- todo: a -->'],
])('anything else stays visible: %s', async (_, markdown) => {
  expect(await types(markdown)).not.toContain('note')
  expect(await types(markdown)).toContain('paragraph_open')
})

test('a note may be right below a paragraph and in a list', async () => {
  expect(await types('One.\n<!-- note: a -->\n- two\n  <!-- note: b -->')).toEqual(
    expect.arrayContaining(['note', 'bullet_list_open']),
  )
})
