import { commonJsHabit } from '../es-module.ts'
import { shorten } from './show.ts'

/** What messages of Redis, ioredis, and Node mean for an answer. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/WRONGTYPE/, 'The key holds another kind of value than this command works on.'],
  [
    /wrong number of arguments/,
    'Redis commands take a flat list of strings and numbers; an object or a missing value makes the list too short.',
  ],
  [/CROSSSLOT/, 'The keys of one command or script must lie in one hash slot.'],
  [/BUSYGROUP/, 'The consumer group exists already; that is no reason to fail.'],
  [/NOGROUP/, 'The consumer group does not exist yet.'],
  [
    /equal or smaller than the target stream top item/,
    'The stream already holds an entry with this id or a later one.',
  ],
  [
    /EXECABORT/,
    'Redis refused a command while the transaction was being put together, and so it ran none of it.',
  ],
  [/NOSCRIPT/, 'Redis has not seen this script yet: EVAL sends it along, EVALSHA only names it.'],
  [/Script killed/, 'A loop in the script never ends: look at what should make it stop.'],
  [/Maximum call stack/, 'A function calls itself without end.'],
  [
    /Connection is closed/,
    'That connection had been closed. Leave one that was handed in open: its owner closes it.',
  ],
  [
    /subscriber mode/,
    'A connection that has subscribed can do nothing else: subscribe on a `redis.duplicate()`.',
  ],
]

/** Name and message of an error that an answer threw, and what the message means where Redis leaves that open. */
export function explainError(error: Error): string {
  const habit = commonJsHabit(error.message)
  const meaning = MEANINGS.find(([pattern]) => pattern.test(error.message))?.[1]
  const text = `${error.name}: ${shorten(error.message, 300)}`
  if (habit !== undefined) return `${text.replace(/\.$/, '')}. ${habit}`
  return meaning === undefined ? text : `${text.replace(/\.$/, '')}. ${meaning}`
}
