import { type CheckSession, newSession, type SessionOptions } from '../learner/check-session.ts'
import type { Learner } from '../learner/learner.ts'
import type { Context } from './context.ts'
import type { Cleanups } from './interrupt.ts'

/** Lends a session with the requested Redis, and stops everything afterward, even after Ctrl-C. */
export function withSession<T>(
  context: Context,
  learner: Pick<Learner, 'course'>,
  use: (session: CheckSession) => Promise<T>,
  options: Pick<SessionOptions, 'stayWarm'> = {},
): Promise<T> {
  return lend(context, learner, 1, options, ([session]) => use(session))
}

/** The same with several sessions, each with its own Redis, for programs that check a lot. */
export function withSessions<T>(
  context: Context,
  learner: Pick<Learner, 'course'>,
  count: number,
  use: (sessions: readonly CheckSession[]) => Promise<T>,
): Promise<T> {
  return lend(context, learner, count, { stayWarm: true }, use)
}

async function lend<T>(
  context: Context,
  { course }: Pick<Learner, 'course'>,
  count: number,
  options: Pick<SessionOptions, 'stayWarm'>,
  use: (sessions: readonly [CheckSession, ...CheckSession[]]) => Promise<T>,
): Promise<T> {
  const [preference, mine] = await Promise.all([context.preference(), context.mine()])
  const open = () => {
    const settings = { course, preference, mine, onNotice: context.note }
    return unlessEnding(newSession({ ...settings, ...options }), context.cleanups)
  }
  const sessions = [open(), ...Array.from({ length: count - 1 }, open)] as const
  const close = async () => void (await Promise.all(sessions.map((session) => session.close())))
  const done = context.cleanups.add(close)
  try {
    return await use(sessions)
  } finally {
    await close()
    done()
  }
}

/**
 * After Ctrl-C, Redis is stopped under a running check; what the check then reports isn't a verdict, and isn't
 * recorded.
 */
export function unlessEnding(session: CheckSession, cleanups: Cleanups): CheckSession {
  return {
    open: () => cleanups.unlessEnding(session.open()),
    check: (...asked) => cleanups.unlessEnding(session.check(...asked)),
    record: (...asked) => cleanups.unlessEnding(session.record(...asked)),
    replace: () => cleanups.unlessEnding(session.replace()),
    close: () => session.close(),
  }
}
