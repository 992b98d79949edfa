import { setTimeout as sleep } from 'node:timers/promises'
import { Turns } from '../../common/turns.ts'
import { Refusal } from './refusal.ts'

/** Levels of any JSON that a client sends; honest ones have ten. */
const LEVELS = 32

/**
 * Whether JSON may be parsed: it has at most that many lists, objects, and commas. A million brackets would stop the hub
 * for a second and fill its memory. If it isn't JSON at all, the parser says so.
 */
export function isReadable(json: string, most: number): boolean {
  let [level, values] = [0, 0]
  for (let at = 0; at < json.length; at += 1) {
    switch (json[at]) {
      case '"':
        at = endOfString(json, at)
        break
      case '[':
      case '{':
        level += 1
        values += 1
        break
      case ']':
      case '}':
        level -= 1
        break
      case ',':
        values += 1
    }
    if (level > LEVELS || values > most) return false
  }
  return true
}

function endOfString(json: string, from: number): number {
  let at = from + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at
}

const turns = new Turns()
let waiting = 0
/** Even if each has as much as a request may have, that's not too much memory. */
const MOST_WAITING = 200

/**
 * Does what takes long one at a time, and leaves the hub to everyone else afterward, for as long as it took. Rejects
 * with Refusal if too many are waiting.
 */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= MOST_WAITING) {
    throw new Refusal(429, 'Many others are sending a lot right now. Try again in 10 seconds.', 10)
  }
  waiting += 1
  try {
    return await turns.take(async () => {
      const began = performance.now()
      try {
        return await work()
      } finally {
        await sleep(performance.now() - began, undefined, { ref: false })
      }
    })
  } finally {
    waiting -= 1
  }
}
