import { type LessonAction, lessonActionOf } from '../learner/lesson-keys.ts'

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

/** What a keystroke asks for; `other` only counts where any key does. */
export function keyOf(keystroke: string): Key {
  return names[keystroke] ?? lessonActionOf(keystroke) ?? 'other'
}
