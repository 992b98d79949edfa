import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { problemsOfLinks } from '../../../src/authoring/links.ts'
import { entryFor, loadCourse, readGlossary } from '../../../src/course/index.ts'
import { parseMarkdown } from '../../../src/markdown/parse.ts'

const course = await loadCourse()
const glossary = await readGlossary(course.root)

describe('the glossary', () => {
  test('is in alphabetical order, with each word once', () => {
    const terms = glossary.map(({ term }) => term)
    const ordered = [...new Set(terms)].sort((a, b) => a.localeCompare(b, 'en', { sensitivity: 'base' }))
    expect(terms).toEqual(ordered)
    expect(terms.length).toBeGreaterThanOrEqual(40)
  })

  test('links to lessons that exist', async () => {
    const file = path.join(course.root, 'lessons', 'GLOSSARY.md')
    expect(await problemsOfLinks(await parseMarkdown(await readFile(file, 'utf8')), file)).toEqual([])
  })

  test.each([
    ['checkpoint', 'Checkpoint'],
    ['Checkpoints', 'Checkpoint'],
    ['read models', 'Read model'],
    ['at least once', 'At-least-once delivery'],
    ['xreadgroup', 'Consumer group'],
    ['saga', 'Process manager'],
    ['AOF', 'AOF'],
  ])('explains %s', (word, term) => {
    expect(entryFor(glossary, word)?.term).toBe(term)
  })

  test.each(['point', 'chekpoint', ''])('has no entry for "%s"', (word) => {
    expect(entryFor(glossary, word)).toBeUndefined()
  })
})
