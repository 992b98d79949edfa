import { expect, test } from 'vitest'
import { searchText } from '../../../src/course/index.ts'
import { parseMarkdown } from '../../../src/markdown/parse.ts'

const text = await parseMarkdown(`# Snapshots

A first sentence. Nothing about it here.

## Taking one

Take a snapshot rarely. Two snapshots
are enough for most.

\`\`\`ts
await redis.hset('snapshot:1', 'version', 7)
\`\`\`

## Elsewhere

| what | where |
| --- | --- |
| a \`snapshot\` | beside the events |
`)

test('counts in prose, tables, headings, and code, and shows where the word appears most', () => {
  expect(searchText(text, 'snapshot')).toEqual({
    times: 5,
    heading: 'Taking one',
    excerpt: 'Take a snapshot rarely.',
  })
})

test('joins lines of a paragraph, so that a phrase is found across them', () => {
  expect(searchText(text, 'snapshots are')).toMatchObject({
    times: 1,
    excerpt: 'Two snapshots are enough for most.',
  })
})

test('shows a line of code as code', () => {
  expect(searchText(text, 'hset')).toMatchObject({
    excerpt: "`await redis.hset('snapshot:1', 'version', 7)`",
  })
})

test.each(['shot', 'snapshot.1', 'nowhere', '[('])('does not find "%s"', (word) => {
  expect(searchText(text, word)).toBeUndefined()
})

test('takes the heading where nothing below it has the word', () => {
  expect(searchText(text, 'elsewhere')).toEqual({
    times: 1,
    heading: 'Elsewhere',
    excerpt: 'Elsewhere',
  })
})
