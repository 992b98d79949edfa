/**
 * The keys in one chunk of terminal input. The escape sequence of an arrow or function key is one key, always written
 * with `[`, where some terminals send `O`; an escape with nothing after it is the key Esc.
 */
export function keystrokes(data: string): readonly string[] {
  const result: string[] = []
  for (let at = 0; at < data.length; ) {
    const length = data[at] === '\x1b' ? 1 + sequenceLength(data.slice(at + 1)) : 1
    result.push(data.slice(at, at + length).replace(/^(.)O/, '$1['))
    at += length
  }
  return result
}

/** More keys at once than anyone presses, although a held key repeats. */
const MOST_KEYS = 16
const CTRL_C = '\u0003'

/** Whether the keys of one chunk are pasted text. Its letters aren't commands: one of them may start a lesson over. */
export function isPasted(keys: readonly string[]): boolean {
  return keys.length > MOST_KEYS && keys.some((key) => key !== keys[0]) && !keys.includes(CTRL_C)
}

function sequenceLength(behindEscape: string): number {
  return /^(?:\[[0-9;]*[A-Za-z~]|O[A-Z])/.exec(behindEscape)?.[0].length ?? 0
}
