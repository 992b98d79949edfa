import { isReadOnly, nameOf } from './touches.ts'
import type { CommandStep, Step } from './types.ts'

/** What a script does, as far as its text tells. */
export interface Script {
  readonly writes: boolean
  /** It has a `return`, so a reply of nil may mean that it decided to write nothing. */
  readonly returns: boolean
  /** How a reply begins that's sent only before the first write: the script decided to write nothing. */
  readonly refusals: ReadonlySet<string>
}

/** Finds the script of a command; undefined if it isn't a script, or if its text doesn't tell what it does. */
export function scriptsIn(steps: readonly Step[]): (step: CommandStep) => Script | undefined {
  const bySha = new Map<string, Script | undefined>()
  /** By connection, the SHAs that Redis didn't know, in order; ioredis then sends the texts. */
  const unknown = new Map<number, string[]>()
  const scripts = new Map<CommandStep, Script | undefined>()
  for (const step of steps) {
    if (step.kind !== 'command') continue
    const { args, connection, reply } = step
    const [, first, second] = args
    switch (nameOf(step)) {
      case 'SCRIPT':
        bySha.set(reply?.s.replaceAll('"', '') ?? '', second && readScript(second))
        break
      case 'EVAL': {
        const script = first && readScript(first)
        scripts.set(step, script)
        bySha.set(unknown.get(connection)?.shift() ?? '', script)
        break
      }
      case 'EVALSHA':
        scripts.set(step, bySha.get(first?.s ?? ''))
        if (isUnknownScript(step))
          unknown.set(connection, [...(unknown.get(connection) ?? []), first?.s ?? ''])
    }
  }
  return (step) => scripts.get(step)
}

/** Redis has no script with this SHA, so nothing ran. */
export function isUnknownScript({ reply }: Pick<CommandStep, 'reply'>): boolean {
  return reply?.s.startsWith('(error) NOSCRIPT') === true
}

const CALLS = /\bredis\.p?call\b(?:\s*\(\s*(['"])(\w+)\1)?/g
/** They change no key, although they aren't read-only to Redis. */
const CHANGES_NO_KEY = /^(TIME|PUBLISH|SPUBLISH)$/i

function readScript({ s, bytes }: CommandStep['args'][number]): Script | undefined {
  const names = Array.from(s.matchAll(CALLS), ([, , name]) => name)
  const known = names.filter((name) => name !== undefined)
  if (bytes !== undefined || names.length === 0 || known.length < names.length) return undefined
  return {
    writes: known.some((name) => !isReadOnly(name) && !CHANGES_NO_KEY.test(name)),
    returns: /\breturn\b/.test(s),
    refusals: refusalsIn(s),
  }
}

const RETURNS = /\breturn\s*\{?\s*(?:'([^']*)'|"([^"]*)"|(-?\d+))/g

function refusalsIn(s: string): ReadonlySet<string> {
  const write = [...s.matchAll(CALLS)].find(
    ([, , name = '']) => !isReadOnly(name) && !CHANGES_NO_KEY.test(name),
  )
  if (write === undefined) return new Set()
  const beginnings = (part: string) => [...part.matchAll(RETURNS)].map(([, a, b, c]) => a ?? b ?? c ?? '')
  const later = new Set(beginnings(s.slice(write.index)))
  return new Set(beginnings(s.slice(0, write.index)).filter((one) => !later.has(one)))
}
