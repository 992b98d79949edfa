/** A paste, however long, is one key: the mark with which it begins, and then its text. */
export const PASTED = '\x1b[200~'
const END_OF_PASTE = '\x1b[201~'
const CTRL_C = '\u0003'
/** What Alt-[ sends, and how a sequence begins that comes in two chunks. */
const ALT_BRACKET = '\x1b['
/** More keys at once than anyone presses, although a held key repeats. */
const MOST_KEYS = 16

/**
 * Reads terminal input, chunk by chunk, and returns the keys of each. The escape sequence of an arrow or function key is
 * one key, always written with `[`, where some terminals send `O`; an escape with nothing after it is the key Esc. The
 * letters of a paste aren't commands: one of them may start a lesson over. So a paste is one key, and only a Ctrl-C in
 * it counts.
 */
export function readKeystrokes(): (data: Buffer | string) => readonly string[] {
  const decoder = new TextDecoder() // a letter may come in two chunks
  let unfinished = '' // a sequence, too
  /** Undefined outside of a paste. */
  let pasted: string | undefined
  return (data) => {
    const more = typeof data === 'string' ? data : decoder.decode(data, { stream: true })
    if (pasted === undefined && unfinished === ALT_BRACKET && !/^[0-9;A-Z~]/.test(more)) unfinished = '' // `more` is the next key
    const text = unfinished + more
    unfinished = unfinishedSequence(text)
    const read = keysOf(text.slice(0, text.length - unfinished.length))
    const keys: string[] = []
    for (const key of read) {
      if (key === PASTED) pasted ??= ''
      else if (pasted === undefined) {
        if (key !== END_OF_PASTE) keys.push(key)
      } else if (key === END_OF_PASTE || key === CTRL_C) {
        keys.push(PASTED + pasted, ...(key === CTRL_C ? [CTRL_C] : [])) // after Ctrl-C, its end may never come
        pasted = undefined
      } else pasted += key
    }
    // Alone, an escape is a key; in a paste, it may begin the end.
    if (pasted !== undefined && unfinished === '' && read.at(-1) === '\x1b') {
      unfinished = '\x1b'
      pasted = pasted.slice(0, -1)
    }
    return looksPasted(keys) ? [PASTED + keys.join('')] : keys
  }
}

export function isPaste(key: string): boolean {
  return key.startsWith(PASTED)
}

function keysOf(data: string): readonly string[] {
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

/** What the next chunk continues. */
function unfinishedSequence(data: string): string {
  const tail = data.slice(data.lastIndexOf('\x1b') + 1)
  return data.includes('\x1b[') && /^\[[0-9;]*$/.test(tail) ? `\x1b${tail}` : ''
}

/** Whether a terminal that doesn't mark pastes delivered one. */
function looksPasted(keys: readonly string[]): boolean {
  const isMany = keys.length > MOST_KEYS && keys.some((key) => key !== keys[0])
  return isMany && !keys.some(isPaste) && !keys.includes(CTRL_C)
}
