import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseDocument, textBetween } from './document.ts'

/** A word of the course, as lessons/GLOSSARY.md explains it. */
export interface GlossaryEntry {
  readonly term: string
  /** Other words that lead here, from the line `Related: …`. */
  readonly related: readonly string[]
  /** Markdown below the heading. */
  readonly text: string
}

const GLOSSARY = 'lessons/GLOSSARY.md'

/** The glossary below `root` as Markdown; empty for a course that has none. */
export async function glossaryText(root: string): Promise<string> {
  try {
    return await readFile(path.join(root, GLOSSARY), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** The entries of the glossary below `root`: a second-level heading for each word. */
export async function readGlossary(root: string): Promise<readonly GlossaryEntry[]> {
  const document = await parseDocument(GLOSSARY, await glossaryText(root), 1)
  return document.sections
    .filter(({ level }) => level === 2)
    .map(({ title, from, to }) => {
      const text = textBetween(document, from, to)
      const related = /^Related: (.*)$/m.exec(text)?.[1]?.split(', ') ?? []
      return { term: title, related, text }
    })
}

/** The entry whose term or related word is `word`; a plural finds its singular. */
export function entryFor(glossary: readonly GlossaryEntry[], word: string): GlossaryEntry | undefined {
  const asked = singular(word)
  return (
    glossary.find(({ term }) => singular(term) === asked) ??
    glossary.find(({ related }) => related.some((other) => singular(other) === asked))
  )
}

/** The first term in which a word begins as asked: "optimistic" is enough for "Optimistic concurrency". */
export function entryWithWord(glossary: readonly GlossaryEntry[], word: string): GlossaryEntry | undefined {
  const asked = singular(word)
  if (asked.length < 3) return undefined
  return glossary.find(({ term }) => ` ${singular(term)}`.includes(` ${asked}`))
}

function singular(word: string): string {
  const plain = word
    .toLowerCase()
    .replace(/[\s-]+/g, ' ')
    .trim()
  return plain.length > 3 ? plain.replace(/s$/, '') : plain
}
