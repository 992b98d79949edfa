import { isReadOnly, nameOf } from './touches.ts'
import type { CommandStep, Step } from './types.ts'

/** What a script does, as far as its text tells. */
export interface Script {
  /** The first command in it that writes, or the first one: it tells scripts apart. */
  readonly does: string
  readonly writes: boolean
  /** Numbers of the KEYS that it may write, from 1; undefined if a key that it writes has another name. */
  readonly writesTo?: ReadonlySet<number>
  /** It looks and then deletes at most, so it may well be the look that a later write is based on. */
  readonly mayOnlyLook: boolean
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

const CALLS = /\bredis\.p?call\b(?:\s*\(\s*(['"])(\w+)\1(?:\s*,\s*KEYS\[(\d+)\]\s*([,)]))?)?/g
/** They change no key, although they aren't read-only to Redis. */
const CHANGES_NO_KEY = /^(TIME|PUBLISH|SPUBLISH)$/i
/** Commands whose first argument is the only key that they change. */
const CHANGES_ITS_FIRST =
  /^(SET|SETNX|APPEND|INCR|INCRBY|DECR|DECRBY|HSET|HSETNX|HMSET|HDEL|HINCRBY|HINCRBYFLOAT|SADD|SREM|ZADD|ZREM|ZINCRBY|RPUSH|LPUSH|LTRIM|LREM|LSET|XADD|XDEL|XTRIM|XACK|XCLAIM|EXPIRE|PEXPIRE|PERSIST)$/i
const DELETES = /^(DEL|UNLINK)$/i

function readScript({ s, bytes }: CommandStep['args'][number]): Script | undefined {
  const calls = Array.from(s.matchAll(CALLS), ([, , name, key, end]) => ({ name, key, end }))
  const names = calls.flatMap(({ name }) => name ?? [])
  if (bytes !== undefined || calls.length === 0 || names.length < calls.length) return undefined
  const writing = calls.filter(({ name }) => name !== undefined && changesKeys(name))
  const isKnown = writing.every(
    ({ name = '', key, end }) =>
      key !== undefined && (CHANGES_ITS_FIRST.test(name) || (DELETES.test(name) && end === ')')),
  )
  const onlyDeletes = writing.length > 0 && writing.every(({ name = '' }) => DELETES.test(name))
  const [telling = calls[0]] = writing
  return {
    does: telling?.name?.toUpperCase() ?? '',
    writes: writing.length > 0,
    ...(isKnown && { writesTo: new Set(writing.map(({ key }) => Number(key))) }),
    mayOnlyLook: onlyDeletes && names.some(isReadOnly) && /\bif\b/.test(s),
    returns: /\breturn\b/.test(s),
    refusals: refusalsIn(s),
  }
}

function changesKeys(name: string): boolean {
  return !isReadOnly(name) && !CHANGES_NO_KEY.test(name)
}

const RETURNS = /\breturn\s*\{?\s*(?:'([^']*)'|"([^"]*)"|(-?\d+))/g

function refusalsIn(s: string): ReadonlySet<string> {
  const write = [...s.matchAll(CALLS)].find(([, , name = '']) => changesKeys(name))
  if (write === undefined) return new Set()
  const beginnings = (part: string) => [...part.matchAll(RETURNS)].map(([, a, b, c]) => a ?? b ?? c ?? '')
  const later = new Set(beginnings(s.slice(write.index)))
  return new Set(beginnings(s.slice(0, write.index)).filter((one) => !later.has(one)))
}
