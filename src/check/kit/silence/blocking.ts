/** How long a command that blocks on purpose can wait: up to some time, or forever. */
export type Blocking = { readonly kind: 'forever' } | { readonly kind: 'for'; readonly ms: number }

/** Reads and moves whose last argument is the limit in seconds. */
const LIMIT_LAST = new Set(['BLPOP', 'BRPOP', 'BRPOPLPUSH', 'BLMOVE', 'BZPOPMIN', 'BZPOPMAX'])
/** The same, with the limit first. */
const LIMIT_FIRST = new Set(['BLMPOP', 'BZMPOP'])

/**
 * How long Redis may hold back its reply because the command asks for it; undefined for a command it answers at once.
 */
export function blockingOf(name: string, args: readonly string[]): Blocking | undefined {
  const command = name.toUpperCase()
  if (command === 'XREAD' || command === 'XREADGROUP') {
    const words = args.map((arg) => arg.toUpperCase())
    const at = words.indexOf('BLOCK')
    const isOption = at !== -1 && at < words.indexOf('STREAMS') // not a stream with that name
    return isOption ? limit(args[at + 1], 1) : undefined
  }
  if (LIMIT_LAST.has(command)) return limit(args.at(-1), 1_000)
  if (LIMIT_FIRST.has(command)) return limit(args[0], 1_000)
  if (command === 'WAIT' || command === 'WAITAOF') return limit(args.at(-1), 1)
  return undefined
}

function limit(text: string | undefined, unit: number): Blocking {
  const ms = Number(text) * unit
  return ms > 0 ? { kind: 'for', ms } : { kind: 'forever' }
}
