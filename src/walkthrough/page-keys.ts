import { keysInWords, LESSON_KEYS } from '../learner/index.ts'
import type { Reading } from './ui.ts'

const PAGE_KEYS = [
  { key: 'space', does: 'shows the next page; so do Enter and the arrow keys' },
  { key: 'b', does: 'goes back a page' },
  { key: 'q', does: 'leaves; so does Esc' },
] as const

/** The keys that work on a page, as Markdown. */
export function pageKeys({ run, hasKeys }: Pick<Reading, 'run' | 'hasKeys'>): string {
  const runs = run === undefined ? [] : [{ key: 'r', does: 'runs the snippet on this page' }]
  const keys = [...PAGE_KEYS, ...runs, ...(hasKeys === true ? LESSON_KEYS : [])]
  return `# Keys\n\n${keysInWords(keys)}\n\nAny key goes back to the page.`
}
