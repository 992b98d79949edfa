import { isUnknownScript, type Script, scriptsIn } from './scripts.ts'
import { nameOf, type Touch, touches } from './touches.ts'
import type { CommandStep, Step } from './types.ts'

/** What one step did to the keys, as far as it can be told. */
export interface Effect {
  readonly n: number
  /** Undefined for what the check or the server did. */
  readonly lane: number | undefined
  /** The command itself or, for EXEC, what it executed. */
  readonly parts: readonly CommandStep[]
  readonly looked: ReadonlySet<string>
  /** Keys that it changed or, if it was refused, wanted to change. */
  readonly wrote: ReadonlySet<string>
  /** Redis replied with an error, or with nil because a condition wasn't met, or a script decided to write nothing. */
  readonly isRefused: boolean
  /** Its place in the order is uncertain. */
  readonly about: boolean
}

const NOTHING: ReadonlySet<string> = new Set()

/**
 * The steps that looked at keys or changed them, in order. What's queued in a transaction takes effect with its EXEC.
 * Without recorded changes, the replies have to tell.
 */
export function effectsOf(steps: readonly Step[]): readonly Effect[] {
  const knowsChanges = steps.some(({ changes }) => changes.length > 0)
  const run = { knowsChanges, scriptOf: scriptsIn(steps) }
  const queues = new Map<number, CommandStep[]>()
  return steps.flatMap((step): readonly Effect[] => {
    if (step.kind !== 'command') return byOthers(step, knowsChanges)
    const name = nameOf(step)
    const queue = queues.get(step.connection)
    if (name === 'MULTI') queues.set(step.connection, [])
    else if (name === 'EXEC' || name === 'DISCARD') {
      queues.delete(step.connection)
      if (name === 'EXEC') return effectOf(step, queue ?? [], run)
    } else if (queue !== undefined) queue.push(step)
    else return effectOf(step, [step], run)
    return []
  })
}

/** The check writes, too: another customer's event, for example. */
function byOthers(step: Step, knowsChanges: boolean): readonly Effect[] {
  const { n, changes } = step
  const wrote = new Set(knowsChanges ? changes.map(({ key }) => key) : keysSent(step))
  if (wrote.size === 0) return []
  return [{ n, lane: undefined, parts: [], looked: NOTHING, wrote, isRefused: false, about: false }]
}

function keysSent(step: Step): readonly string[] {
  const sent = step.kind === 'check' ? (step.sent ?? []) : []
  return sent.flatMap((args) => touches({ args })).flatMap(({ key, how }) => (how === 'write' ? key : []))
}

interface Known {
  readonly knowsChanges: boolean
  scriptOf(step: CommandStep): Script | undefined
}

function effectOf(
  step: CommandStep,
  parts: readonly CommandStep[],
  { knowsChanges, scriptOf }: Known,
): readonly Effect[] {
  const { n, lane, fate, about = false } = step
  if ((fate !== 'answered' && fate !== 'lost') || isUnknownScript(step)) return []
  const touched = parts.flatMap((part) => touchesOf(part, scriptOf(part)))
  const named = new Set(touched.filter(({ how }) => how === 'write').map(({ key }) => key))
  const changed = knowsChanges ? changedBy(step, named) : saysNothing(step, scriptOf(step)) ? NOTHING : named
  const isRefused =
    named.size > 0 && (isRefusal(step, scriptOf(step)) || (changed.size === 0 && isScript(step)))
  // What looked and found nothing to do is a look. If changes aren't known, it's a write as well.
  const isLook = scriptOf(step)?.mayOnlyLook === true && !(knowsChanges && changed.size > 0)
  const reads = touched.filter(({ how }) => how !== 'write').map(({ key }) => key)
  const looked = new Set(isLook ? [...reads, ...named] : reads)
  const wrote = isLook && knowsChanges ? NOTHING : isRefused ? named : changed
  return looked.size + wrote.size === 0
    ? []
    : [{ n, lane, parts, looked, wrote, isRefused: isRefused && wrote.size > 0, about }]
}

/** A script that only reads is a look. One that writes looks for itself, and may write only some of its keys. */
function touchesOf(step: CommandStep, script: Script | undefined): readonly Touch[] {
  const named = touches(step)
  if (script?.writes === false) return named.map(({ key }) => ({ key, how: 'read' }))
  const { writesTo } = script ?? {}
  if (writesTo === undefined) return named
  const count = Number(step.args[2]?.s)
  const keys = step.args.slice(3, 3 + count).map(({ s }) => s)
  const written = new Set(keys.filter((_, index) => writesTo.has(index + 1)))
  return named.filter(({ key }) => written.has(key))
}

/** Keys that the command names come first: they're what it is about, and a script may change others, too. */
function changedBy({ changes }: CommandStep, named: ReadonlySet<string>): ReadonlySet<string> {
  const all = changes.map(({ key }) => key)
  return new Set([...[...named].filter((key) => all.includes(key)), ...all])
}

/** Of a transaction, all writes: a part that's refused doesn't stop the others. */
function isRefusal(step: CommandStep, script: Script | undefined): boolean {
  const s = step.reply?.s ?? ''
  if (script?.returns === false && s === '(nil)') return false
  // Another consumer may have been faster.
  if (nameOf(step) === 'XCLAIM' && s === '(empty array)') return true
  if (!s.startsWith('[(error)')) return /^\((error|nil)\)/.test(s)
  return s
    .slice(1)
    .split(/, (?=[("[]|OK\b)/)
    .every((part) => part.startsWith('(error)'))
}

function isScript(step: CommandStep): boolean {
  return /^(EVAL|EVALSHA|FCALL)$/.test(nameOf(step))
}

/** Commands whose reply 0 means that they changed nothing. */
const ZERO_IS_NOTHING =
  /^(SADD|SREM|ZREM|HDEL|HSETNX|SETNX|DEL|UNLINK|LREM|XACK|XDEL|XTRIM|EXPIRE|PEXPIRE|PERSIST|MSETNX)$/

function saysNothing(step: CommandStep, script: Script | undefined): boolean {
  const begin = /^\[?(?:["']([^"']*)["']|\(integer\) (-?\d+))/.exec(step.reply?.s ?? '')
  const first = begin?.[1] ?? begin?.[2]
  if (first !== undefined && script?.refusals.has(first)) return true
  const mayBe = ZERO_IS_NOTHING.test(nameOf(step)) || isScript(step)
  return mayBe && /^\[?\(integer\) (0|-1)\b/.test(step.reply?.s ?? '')
}
