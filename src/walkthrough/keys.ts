import { keystrokes } from '../terminal/keystrokes.ts'

export type Key = 'on' | 'back' | 'leave' | 'run' | 'interrupt'

/** What the keys of the pager send. */
const names: Readonly<Record<string, Key>> = {
  ' ': 'on',
  '\r': 'on',
  '\n': 'on',
  n: 'on',
  '\x1b[6~': 'on',
  '\x1b[C': 'on',
  '\x1b[B': 'on',
  b: 'back',
  p: 'back',
  '\x7f': 'back',
  '\b': 'back',
  '\x1b[5~': 'back',
  '\x1b[D': 'back',
  '\x1b[A': 'back',
  r: 'run',
  q: 'leave',
  Q: 'leave',
  '\x1b': 'leave',
  '\x03': 'interrupt',
  '\x04': 'leave',
}

/** The keys in one chunk of terminal input; unknown ones are left out. */
export function keysIn(data: string): readonly Key[] {
  return keystrokes(data).flatMap((key) => names[key] ?? [])
}
