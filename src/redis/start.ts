import { RedisUnavailableError } from './errors.ts'
import { parsePreference } from './preference.ts'
import type { RedisPreference, RunningRedis, StartOptions } from './types.ts'

type Notify = (sentence: string) => void

/** What is tried, and in which order, when nobody says what to take. */
const AUTO = ['container', 'binary', 'embedded'] as const

/**
 * Gives a running Redis from the source that `preference` names; without one, from the source that EVENTLINGS_REDIS
 * names; without that, from the first of container, binary and embedded that can be had. Rejects with
 * `RedisUnavailableError` (or `BadPreferenceError`), whose message is for people.
 */
export async function startRedis(
  preference?: RedisPreference,
  options: StartOptions = {},
): Promise<RunningRedis> {
  const env = options.env ?? process.env
  const notices: string[] = []
  const notify: Notify = (sentence) => {
    notices.push(sentence)
    options.onNotice?.(sentence)
  }
  const wanted = preference ?? parsePreference(env.EVENTLINGS_REDIS?.trim() || 'auto')
  const redis =
    wanted === 'auto' ? await startAny(env, notify, options) : await startOne(wanted, env, options)
  return { ...redis, notices }
}

async function startAny(
  env: NodeJS.ProcessEnv,
  notify: Notify,
  options: StartOptions,
): Promise<RunningRedis> {
  let last: unknown
  for (const [index, kind] of AUTO.entries()) {
    try {
      if (await isThere(kind, env)) return await startOne(kind, env, options)
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error
      last = error
      if (index < AUTO.length - 1) notify(`${error.problem} Going on without.`)
    }
  }
  throw last
}

/** A source that this machine does not have is passed over in silence; one that it has and that fails gets a notice. */
async function isThere(kind: (typeof AUTO)[number], env: NodeJS.ProcessEnv): Promise<boolean> {
  switch (kind) {
    case 'container':
      return false
    case 'binary': {
      const { findRedisServer } = await import('./executables.ts')
      return findRedisServer(env) !== undefined
    }
    case 'embedded':
      return true
  }
}

async function startOne(
  preference: Exclude<RedisPreference, 'auto'>,
  env: NodeJS.ProcessEnv,
  _options: StartOptions,
): Promise<RunningRedis> {
  switch (preference) {
    case 'container':
      throw new RedisUnavailableError('container', 'Containers are not there yet.', 'Use `--redis binary`.')
    case 'binary':
      return (await import('./binary.ts')).startBinary(env)
    case 'embedded':
      return (await import('./embedded.ts')).startEmbedded(env)
    default:
      return (await import('./url.ts')).startUrl(preference, env)
  }
}
