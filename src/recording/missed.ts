import type { Effect } from './effects.ts'
import { nameOf } from './touches.ts'
import type { Collision, CommandStep } from './types.ts'

/**
 * A client listens for changes, but a key that it had looked at was changed by someone else, and no one looked at it
 * again: the message came too early, or nothing was done about it.
 */
export function missed(commands: readonly CommandStep[], effects: readonly Effect[]): Collision | undefined {
  const leaves = commands.filter((one) => /^([PS]?UNSUBSCRIBE|QUIT|RESET)$/.test(nameOf(one)))
  for (const change of effects.filter(({ wrote, isRefused }) => wrote.size > 0 && !isRefused)) {
    if (!commands.some((one) => isListening(one, leaves, change.n))) continue
    for (const key of change.wrote) {
      const looks = effects.filter(({ lane, looked, parts }) => {
        return lane !== undefined && lane !== change.lane && looked.has(key) && !parts.every(seesOnlyNews)
      })
      const look = looks.at(-1)
      if (look !== undefined && look.n < change.n)
        return { kind: 'missed', key, looked: look.n, changed: change.n }
    }
  }
  return undefined
}

/** Its subscription hadn't ended by then, or it reads only what comes next. */
function isListening(step: CommandStep, leaves: readonly CommandStep[], then: number): boolean {
  const hasLeft = leaves.some(({ connection, n }) => connection === step.connection && n > step.n && n < then)
  return seesOnlyNews(step) || (/^[PS]?SUBSCRIBE$/.test(nameOf(step)) && !hasLeft)
}

/** `XREAD` from `$` passes over what was added before it was sent. */
function seesOnlyNews(step: CommandStep): boolean {
  return nameOf(step) === 'XREAD' && step.args.some(({ s }) => s === '$')
}
