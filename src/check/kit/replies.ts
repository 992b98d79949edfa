import type { SentCommand } from './context.ts'

/** The most stream entries that one of these commands fetched: Redis serves no one else while it builds a reply. */
export function largestReply(commands: readonly Pick<SentCommand, 'name' | 'reply'>[]): number {
  return Math.max(0, ...commands.map(({ name, reply }) => entriesOf(name, reply)))
}

function entriesOf(name: string, reply: unknown): number {
  // In a transaction, each command has a reply of its own.
  if (name === 'EXEC' && Array.isArray(reply)) return Math.max(0, ...reply.map((one) => entriesOf('', one)))
  return Math.max(rowsIn(reply), count(reply, isId), count(reply, isJson))
}

/** Entries, and pending entries, as XRANGE, XREAD, XREADGROUP, XPENDING and scripts reply, however deep. */
function rowsIn(reply: unknown): number {
  if (!Array.isArray(reply)) return 0
  const [first, second] = reply
  if (isId(first) && areFields(second)) return 1 + rowsIn(reply.slice(2))
  if (isId(first) && reply.length > 1 && !Array.isArray(second) && !isId(second)) return 1
  return reply.reduce<number>((sum, one) => sum + rowsIn(one), 0)
}

/** How many there are outside of entries: what is inside an entry isn't one, whatever it looks like. */
function count(reply: unknown, isOne: (value: unknown) => boolean): number {
  if (!Array.isArray(reply)) return isOne(reply) ? 1 : 0
  if (isId(reply[0]) && areFields(reply[1])) return count(reply.slice(2), isOne)
  return reply.reduce<number>((sum, one) => sum + count(one, isOne), 0)
}

const areFields = (value: unknown) => Array.isArray(value) && !value.some(Array.isArray)
const isId = (value: unknown) => typeof value === 'string' && /^\d+-\d+$/.test(value)
const isJson = (value: unknown) => typeof value === 'string' && value.startsWith('{')

/** What to add to a diagnosis if a caller's WATCH was on a connection where another's EXEC ends it; otherwise nothing. */
export function sharedWatch(commands: readonly SentCommand[], or = 'use a script'): string {
  const watches = commands.filter(({ name }) => name === 'WATCH')
  const ends = commands.filter(({ name }) => /^(WATCH|EXEC|UNWATCH|DISCARD)$/.test(name))
  const isShared = watches.some(({ client, caller: { part } }) =>
    ends.some((other) => other.client === client && other.caller.part !== part),
  )
  if (!isShared) return ''
  return ` A \`WATCH\` belongs to a connection. Here, two callers shared one, so the \`EXEC\` of one ended the watch of the other. Watch on a \`redis.duplicate()\`, or ${or}.`
}

/** The fields of an entry, which Redis replies with as one list: name, value, name, value. */
export function paired(flat: readonly string[]): Readonly<Record<string, string>> {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return Object.fromEntries(pairs)
}
