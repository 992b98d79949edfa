import type { SentCommand } from '../context.ts'
import { blockingOf } from '../silence/blocking.ts'
import { usualLatency } from '../silence/traffic.ts'

/** How long a command may keep all others waiting for its reply (ms), beyond the usual time. */
const LATE_MS = 1_000
/** The learner's code may replace the globals later. */
const later = setTimeout
const never = clearTimeout

interface TurnLimit {
  /** Resolves when it's time for other commands, though this one hasn't been answered. */
  readonly ended: Promise<'parked' | 'open'>
  stop(): void
}

/** `settled` resolves when a command that blocks must have reached Redis; undefined if its keys aren't read. */
export function turnLimit(
  { name, args }: SentCommand,
  settled: (() => Promise<unknown>) | undefined,
): TurnLimit {
  if (settled !== undefined && blockingOf(name, args) !== undefined)
    return { ended: settled().then(() => 'parked'), stop() {} }
  let timer: NodeJS.Timeout | undefined
  const ended = new Promise<'open'>((resolve) => {
    timer = later(() => resolve('open'), LATE_MS + 10 * usualLatency()).unref()
  })
  return { ended, stop: () => never(timer) }
}
