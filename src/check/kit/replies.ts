import type { SentCommand } from './context.ts'

/** The most entries of streams that one of these commands fetched: Redis serves nobody else while it puts a reply together. */
export function largestReply(commands: readonly Pick<SentCommand, 'reply'>[]): number {
  return Math.max(0, ...commands.map(({ reply }) => entriesIn(reply)))
}

/** As XRANGE, XREAD, XREADGROUP, EXEC and scripts reply, however deep: by their ids, or by their JSON where there are no ids. */
function entriesIn(reply: unknown): number {
  return Math.max(count(reply, isId), count(reply, isJson))
}

function count(reply: unknown, isOne: (value: unknown) => boolean): number {
  if (!Array.isArray(reply)) return isOne(reply) ? 1 : 0
  if (isId(reply[0]) && areFields(reply[1])) return 1 + count(reply.slice(2), isOne)
  return reply.reduce<number>((sum, one) => sum + count(one, isOne), 0)
}

/** What stands in an entry is no entry, whatever it looks like. */
const areFields = (value: unknown) => Array.isArray(value) && !value.some(Array.isArray)
const isId = (value: unknown) => typeof value === 'string' && /^\d+-\d+$/.test(value)
const isJson = (value: unknown) => typeof value === 'string' && value.startsWith('{')

/** What to add to a diagnosis when two shared a connection and one used WATCH there; otherwise nothing. */
export function sharedWatch(commands: readonly SentCommand[], or = 'take a script'): string {
  if (!commands.some(({ name }) => name === 'WATCH')) return ''
  return ` WATCH belongs to a connection, and here both used one: the EXEC of the one ended the watch of the other. Watch on a \`redis.duplicate()\`, or ${or}.`
}
