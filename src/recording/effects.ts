import { touches } from './touches.ts'
import type { CommandStep, Step } from './types.ts'

/** What one step did to the keys, as far as it can be told. */
export interface Effect {
  readonly step: CommandStep
  /** The step itself or, for EXEC, what it executed. */
  readonly parts: readonly CommandStep[]
  readonly looked: ReadonlySet<string>
  /** Keys that it changed or, if it was refused, wanted to change. */
  readonly wrote: ReadonlySet<string>
  /** Redis replied with an error, or with nil because a condition wasn't met. */
  readonly isRefused: boolean
}

/** Commands whose reply 0 means that they changed nothing. */
const ZERO_IS_NOTHING =
  /^(SADD|SREM|ZREM|HDEL|HSETNX|SETNX|DEL|UNLINK|LREM|XACK|XDEL|XTRIM|EXPIRE|PEXPIRE|PERSIST|MSETNX|EVAL|FCALL)/

/**
 * The steps that looked at keys or changed them, in order. What's queued in a transaction takes effect with its EXEC.
 * Without recorded changes, the replies have to tell.
 */
export function effectsOf(steps: readonly Step[]): readonly Effect[] {
  const knowsChanges = steps.some(({ changes }) => changes.length > 0)
  const queues = new Map<number, CommandStep[]>()
  return steps.flatMap((step) => {
    if (step.kind !== 'command') return []
    const name = nameOf(step)
    const queue = queues.get(step.connection)
    if (name === 'MULTI') queues.set(step.connection, [])
    else if (name === 'EXEC' || name === 'DISCARD') {
      queues.delete(step.connection)
      if (name === 'EXEC') return effect(step, queue ?? [], knowsChanges)
    } else if (queue !== undefined) queue.push(step)
    else return effect(step, [step], knowsChanges)
    return []
  })
}

export function nameOf({ args }: Pick<CommandStep, 'args'>): string {
  return args[0]?.s.toUpperCase() ?? ''
}

function effect(step: CommandStep, parts: readonly CommandStep[], knowsChanges: boolean): readonly Effect[] {
  const touched = parts.flatMap(touches)
  const looked = new Set(touched.filter(({ how }) => how !== 'write').map(({ key }) => key))
  const named = new Set(touched.filter(({ how }) => how === 'write').map(({ key }) => key))
  const { fate, reply } = step
  if (fate !== 'answered' && fate !== 'lost') return []
  const isRefused = named.size > 0 && /^(\(error\)|\(nil\)|\[\(error\))/.test(reply?.s ?? '')
  if (isRefused) return [{ step, parts, looked, wrote: named, isRefused }]
  const wrote = knowsChanges
    ? new Set(step.changes.map(({ key }) => key))
    : didNothing(step)
      ? new Set<string>()
      : named
  return looked.size + wrote.size === 0 ? [] : [{ step, parts, looked, wrote, isRefused }]
}

function didNothing(step: CommandStep): boolean {
  return ZERO_IS_NOTHING.test(nameOf(step)) && /^\[?\(integer\) (0|-1)\b/.test(step.reply?.s ?? '')
}
