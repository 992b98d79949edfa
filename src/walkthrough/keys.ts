export type Key = 'on' | 'back' | 'leave' | 'run' | 'interrupt'

/** What the keys of the pager send; behind an escape, terminals send either `[` or `O`. */
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

/** The keys in what a terminal sent at once; unknown ones are left out. */
export function keysIn(data: string): readonly Key[] {
  return sequences(data).flatMap((sequence) => names[sequence] ?? [])
}

/** An escape sequence is one key; an escape with nothing behind it is the key Esc. */
function sequences(data: string): readonly string[] {
  const result: string[] = []
  for (let at = 0; at < data.length; ) {
    const length = data[at] === '\x1b' ? 1 + sequenceLength(data.slice(at + 1)) : 1
    result.push(data.slice(at, at + length).replace(/^(.)O/, '$1['))
    at += length
  }
  return result
}

function sequenceLength(behindEscape: string): number {
  return /^(?:\[[0-9;]*[A-Za-z~]|O[A-Z])/.exec(behindEscape)?.[0].length ?? 0
}
