import { type LessonAction, lessonActionOf } from '../learner/lesson-keys.ts'
import { isPasted, keystrokes } from '../terminal/keystrokes.ts'

export type Key = 'on' | 'back' | 'leave' | 'run' | 'help' | 'suspend' | 'interrupt' | 'other' | LessonAction

/** What the keys of the pager send. */
const names: Readonly<Record<string, Key>> = {
  ' ': 'on',
  '\r': 'on',
  '\n': 'on',
  '\x1b[6~': 'on',
  '\x1b[C': 'on',
  '\x1b[B': 'on',
  b: 'back',
  '\x7f': 'back',
  '\b': 'back',
  '\x1b[5~': 'back',
  '\x1b[D': 'back',
  '\x1b[A': 'back',
  r: 'run',
  R: 'run',
  '?': 'help',
  q: 'leave',
  Q: 'leave',
  '\x1b': 'leave',
  '\x03': 'interrupt',
  '\x04': 'leave',
  '\x1a': 'suspend',
}

/** The keys in one chunk of terminal input; `other` only counts where any key does. */
export function keysIn(data: string): readonly Key[] {
  const keys = keystrokes(data)
  if (isPasted(keys)) return ['other']
  return keys.map((key) => names[key] ?? lessonActionOf(key) ?? 'other')
}
