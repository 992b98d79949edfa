import { RedisGoneError, RedisTroubleError, type RunningRedis } from '../../redis/index.ts'
import type { RedisNews } from '../kit/silence/pulse.ts'
import type { Disturbance, Disturbed } from '../protocol.ts'

/**
 * Redis was silent for a while and is answering again. A test that failed in the meantime proves nothing; another try
 * will.
 */
class PausedError extends RedisTroubleError {}

/** Maximum number of times a check starts over. */
const MOST_TRIES = 3

/** Runs a check, and runs it again if Redis was silent for a while in the middle of it. */
export async function againAfterPauses<T>(
  run: (lastTry: boolean) => Promise<T>,
  say: Say | undefined,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run(tries === MOST_TRIES)
    } catch (error) {
      if (!(error instanceof PausedError) || tries === MOST_TRIES) throw error
      say?.('Redis stopped answering in the middle of a test, so the check starts over.')
    }
  }
}

export type Say = (sentence: string) => void

/** Reports how Redis is doing while a check runs. Anything that continues is reported once. */
export function newsTeller(say: Say | undefined): (news: RedisNews) => void {
  let last: RedisNews['kind'] | undefined
  return (news) => {
    if (news.kind === last) return
    const hasWaited = last === 'waiting'
    last = news.kind
    switch (news.kind) {
      case 'waiting':
        return say?.("Redis isn't answering. Waiting for it …")
      case 'back':
        return hasWaited ? say?.('Redis is answering again.') : undefined
      case 'slow':
        return say?.(`Redis takes about ${news.ms} ms for each reply, so this check takes longer than usual.`)
      case 'lost':
        return
      default:
        news satisfies never
    }
  }
}

/** The error for a check that ended without a verdict, because of something Redis did. */
export function noVerdict(disturbed: Disturbed, { kind, description }: RunningRedis): Error {
  const { by } = disturbed
  switch (by) {
    case 'gone':
    case 'restarted':
    case 'busy':
      return new RedisGoneError(kind, description, by)
    case 'paused':
      return new PausedError(
        kind,
        `Redis repeatedly stopped answering (${description})`,
        'Check again when the server is less busy, or choose another Redis with `--redis`.',
      )
    case 'no server':
      return new RedisTroubleError(
        kind,
        `The check couldn't use a server of its own (${disturbed.why})`,
        'Fix that, then check again.',
      )
    default:
      return new RedisTroubleError(kind, `${TROUBLES[by].what} (${description})`, TROUBLES[by].remedy)
  }
}

const TROUBLES: Readonly<
  Record<
    Exclude<Disturbance, 'gone' | 'restarted' | 'busy' | 'paused' | 'no server'>,
    { readonly what: string; readonly remedy: string }
  >
> = {
  silent: {
    what: "Redis didn't answer for 45 seconds",
    remedy: "Check that the server isn't paused or overloaded, then check again.",
  },
  full: {
    what: 'Redis refused a write because its memory is full',
    remedy: 'Raise its `maxmemory`, or choose another Redis with `--redis`.',
  },
  evicting: {
    what: 'Redis evicted keys during the check because its memory is full',
    remedy:
      'Set its `maxmemory-policy` to `noeviction` and raise its `maxmemory`, or choose another Redis with `--redis`.',
  },
  replica: {
    what: 'This Redis is a read-only replica now',
    remedy: 'Use the address of the primary, or choose another Redis with `--redis`.',
  },
  'not saving': {
    what: "Redis refused a write because it can't save to its disk",
    remedy: 'Free some space there, or choose another Redis with `--redis`.',
  },
  alone: {
    what: 'Redis refused a write because too few of its replicas are connected',
    remedy: 'Start its replicas, or choose another Redis with `--redis`.',
  },
}
