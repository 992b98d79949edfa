import type { SentCommand } from './context.ts'

/** The most stream entries that one of these commands fetched: Redis serves no one else while it builds a reply. */
export function largestReply(commands: readonly Pick<SentCommand, 'reply'>[]): number {
  return Math.max(0, ...commands.map(({ reply }) => entriesIn(reply)))
}

/**
 * As XRANGE, XREAD, XREADGROUP, EXEC and scripts reply, however deep: by their IDs, or by their JSON where there are
 * no IDs.
 */
function entriesIn(reply: unknown): number {
  return Math.max(count(reply, isId), count(reply, isJson))
}

function count(reply: unknown, isOne: (value: unknown) => boolean): number {
  if (!Array.isArray(reply)) return isOne(reply) ? 1 : 0
  if (isId(reply[0]) && areFields(reply[1])) return 1 + count(reply.slice(2), isOne)
  return reply.reduce<number>((sum, one) => sum + count(one, isOne), 0)
}

/** What is inside an entry isn't an entry, whatever it looks like. */
const areFields = (value: unknown) => Array.isArray(value) && !value.some(Array.isArray)
const isId = (value: unknown) => typeof value === 'string' && /^\d+-\d+$/.test(value)
const isJson = (value: unknown) => typeof value === 'string' && value.startsWith('{')

/**
 * What to add to a diagnosis when two callers shared a connection and one used WATCH there; otherwise an empty
 * string.
 */
export function sharedWatch(commands: readonly SentCommand[], or = 'use a script'): string {
  if (!commands.some(({ name }) => name === 'WATCH')) return ''
  return ` WATCH belongs to a connection. Here both shared one, so the EXEC of one ended the watch of the other. Watch on a \`redis.duplicate()\`, or ${or}.`
}
