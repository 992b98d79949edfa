import type { Effect } from './effects.ts'
import { nameOf, touches } from './touches.ts'
import type { Collision, CommandStep, Step } from './types.ts'

/**
 * Someone changed a key that had been looked at, code that listens for changes heard of it too late, or heard of it and
 * did nothing, and no one looked again.
 */
export function missed(steps: readonly Step[], effects: readonly Effect[]): Collision | undefined {
  for (const change of effects.filter(({ wrote, isRefused }) => wrote.size > 0 && !isRefused)) {
    const later = steps.filter(({ n }) => n > change.n)
    for (const key of change.wrote) {
      const looks = effects.filter(
        ({ lane, looked, parts }) =>
          lane !== undefined &&
          lane !== change.lane &&
          looked.has(key) &&
          !parts.every((part) => seesOnlyNews(part, key)),
      )
      const look = looks.at(-1)
      if (look !== undefined && look.n < change.n && later.some((step) => listens(step, key)))
        return { kind: 'missed', key, looked: look.n, changed: change.n }
    }
  }
  return undefined
}

/** A message arrives, or the code begins to wait for what comes next. */
function listens(step: Step, key: string): boolean {
  if (step.kind === 'message') return true
  return step.kind === 'command' && (/^[PS]?SUBSCRIBE$/.test(nameOf(step)) || seesOnlyNews(step, key))
}

/** `XREAD` from `$` passes over what was added before it was sent. */
function seesOnlyNews(step: CommandStep, key: string): boolean {
  const isFromNow = nameOf(step) === 'XREAD' && step.args.some(({ s }) => s === '$')
  return isFromNow && touches(step).some((touch) => touch.key === key)
}
