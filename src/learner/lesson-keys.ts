/** What one key does in watch, in the walkthrough, and on every page. */
export type LessonAction =
  | 'read'
  | 'task'
  | 'hint'
  | 'diff'
  | 'solution'
  | 'console'
  | 'list'
  | 'next'
  | 'previous'
  | 'where'
  | 'editor'
  | 'reset'

export interface LessonKey<Action extends string = LessonAction> {
  readonly key: string
  readonly action: Action
  /** One or two words, for a line of keys. */
  readonly label: string
  /** For the list of all keys: "shows the next hint …". */
  readonly does: string
}

export const LESSON_KEYS: readonly LessonKey[] = [
  { key: 'v', action: 'read', label: 'lesson', does: 'shows the lesson, where you left off' },
  { key: 'a', action: 'task', label: 'task', does: "shows the task that you're on" },
  { key: 'h', action: 'hint', label: 'hint', does: 'shows a hint for it; press it again for another' },
  { key: 'd', action: 'diff', label: 'diff', does: 'compares your file with the solution; asks first' },
  { key: 's', action: 'solution', label: 'solution', does: 'shows the solution; asks first' },
  { key: 'c', action: 'console', label: 'console', does: "opens a prompt with the lesson's data" },
  { key: 'l', action: 'list', label: 'list', does: 'lists the lessons; choose one to go there' },
  { key: 'n', action: 'next', label: 'next', does: 'goes to the next lesson' },
  { key: 'p', action: 'previous', label: 'previous', does: 'goes to the lesson before this one' },
  { key: 'w', action: 'where', label: 'where', does: 'shows where you are, and what you did last' },
  { key: 'e', action: 'editor', label: 'editor', does: 'opens your file in your editor' },
  { key: 'x', action: 'reset', label: 'reset', does: 'starts the lesson over; keeps your file' },
]

/** Uppercase counts, too, because Caps Lock is easily on. */
export function lessonActionOf(key: string): LessonAction | undefined {
  return LESSON_KEYS.find((known) => known.key === key.toLowerCase())?.action
}

/** All keys as a Markdown list. */
export function keysInWords(keys: readonly Pick<LessonKey, 'key' | 'does'>[]): string {
  return keys.map(({ key, does }) => `- \`${key}\` ${does}`).join('\n')
}
