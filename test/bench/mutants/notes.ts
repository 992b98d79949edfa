import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseMarkdown } from '../../../src/markdown/parse.ts'
import type { Mutant } from './mutant.ts'

/** Why a survivor isn't a hole: the text allows it, or it can't be seen from outside. */
export interface Note {
  readonly base: string
  readonly diff: string
}

/** `test/mistakes/07-concurrency.survivors.md`: below a heading with the answer's name, reasons and diffs. */
export async function notesOf(root: string, slug: string): Promise<readonly Note[]> {
  const file = path.join(root, 'test', 'mistakes', `${slug}.survivors.md`)
  return existsSync(file) ? parseNotes(readFileSync(file, 'utf8')) : []
}

export async function parseNotes(markdown: string): Promise<readonly Note[]> {
  const notes: Note[] = []
  let base = ''
  let isHeading = false
  for (const token of await parseMarkdown(markdown)) {
    if (token.type === 'heading_open') isHeading = token.tag === 'h2'
    if (token.type === 'inline' && isHeading) base = token.content.trim()
    if (token.type === 'heading_close') isHeading = false
    if (token.type === 'fence' && token.info.trim() === 'diff') {
      notes.push({ base, diff: token.content.trimEnd() })
    }
  }
  return notes
}

export function isNoted(mutant: Mutant, notes: readonly Note[]): boolean {
  return notes.some(({ base, diff }) => base === mutant.base && diff === mutant.diff)
}

/** Notes whose mutant is caught by now, or can't be made anymore. */
export function staleNotes(notes: readonly Note[], survivors: readonly Mutant[]): readonly Note[] {
  return notes.filter((note) => !survivors.some(({ base, diff }) => base === note.base && diff === note.diff))
}
