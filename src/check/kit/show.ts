import { inspect } from 'node:util'

/** A value as a learner reads it under "expected" and "received": complete enough to compare, never endless. */
export function show(value: unknown): string {
  if (typeof value === 'string') return shorten(JSON.stringify(value), 2_000)
  return shorten(
    inspect(value, { depth: 6, breakLength: 80, maxArrayLength: 30, maxStringLength: 300, sorted: true }),
    2_000,
  )
}

export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`
}

/** A command as one would type it into redis-cli; long arguments are cut. */
export function showCommand(name: string, args: readonly string[]): string {
  const shown = args.slice(0, 12).map((arg) => quote(shorten(arg, 60)))
  if (args.length > 12) shown.push(`… (${args.length} arguments)`)
  return [name, ...shown].join(' ')
}

function quote(arg: string): string {
  return /^[^\s"']+$/.test(arg) ? arg : JSON.stringify(arg)
}

/** A reply in one line. */
export function showReply(reply: unknown): string {
  return shorten(inline(reply), 120)
}

function inline(reply: unknown): string {
  if (reply === null || reply === undefined) return '(nil)'
  if (typeof reply === 'number' || typeof reply === 'bigint') return `(integer) ${reply}`
  if (Buffer.isBuffer(reply)) return JSON.stringify(reply.toString('utf8'))
  if (reply instanceof Error) return `(error) ${reply.message}`
  if (Array.isArray(reply)) return reply.length === 0 ? '(empty array)' : `[${reply.map(inline).join(', ')}]`
  if (typeof reply === 'object') return inspect(reply, { breakLength: Infinity, depth: 3 })
  return reply === 'OK' || reply === 'QUEUED' || reply === 'PONG' ? String(reply) : JSON.stringify(reply)
}
