import { commonJsHabit } from '../es-module.ts'
import { isOfTheDead } from './faults/the-dead.ts'
import { shorten } from './show.ts'

/** What messages from Redis, ioredis and Node mean for an answer. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/WRONGTYPE/, 'The key holds a different type of value than this command expects.'],
  [
    /wrong number of arguments/,
    'Redis commands take a flat list of strings and numbers. If you pass an object or leave out a value, the list is too short.',
  ],
  [/CROSSSLOT/, 'All keys of one command or script must be in one hash slot.'],
  [/BUSYGROUP/, 'The consumer group already exists, which is fine: catch this error.'],
  [/NOGROUP/, "The consumer group doesn't exist yet."],
  [
    /equal or smaller than the target stream top item/,
    'The stream already has an entry with this ID or a later one.',
  ],
  [/EXECABORT/, 'Redis refused a command while the transaction was being queued, so it ran none of it.'],
  [/NOSCRIPT/, "Redis hasn't seen this script yet: `EVAL` sends the script, while `EVALSHA` only names it."],
  [/Script killed/, 'A loop in the script never ends: check the condition that should make it stop.'],
  [/Maximum call stack/, 'A function calls itself forever.'],
  [
    /Connection is closed/,
    'That connection was already closed. Never close a connection that was passed in: its owner closes it.',
  ],
  [
    /subscriber mode/,
    "A subscribed connection can't do anything else, so subscribe on a `redis.duplicate()`.",
  ],
]

const KEPT =
  'That was the error of an earlier call, which lost its connection, and your code kept it. Keep no promise that was rejected.'

/** Name and message of an error that an answer threw, and what the message means where Redis leaves that open. */
export function explainError(error: Error): string {
  const habit = commonJsHabit(error.message)
  const meaning = isOfTheDead(error) ? KEPT : MEANINGS.find(([pattern]) => pattern.test(error.message))?.[1]
  const text = `${error.name}: ${shorten(error.message, 300)}`
  if (habit !== undefined) return `${text.replace(/\.$/, '')}. ${habit}`
  return meaning === undefined ? text : `${text.replace(/\.$/, '')}. ${meaning}`
}
