import { RedisUnavailableError } from './errors.ts'
import { parsePreference } from './preference.ts'
import type { RedisPreference, RunningRedis, StartOptions } from './types.ts'

type Notify = (sentence: string) => void

/**
 * Starts a Redis from the source that `preference` names; without one, from the source that EVENTLINGS_REDIS names;
 * without that, from the first available of container, binary, and embedded. Rejects with `RedisUnavailableError` (or
 * `BadPreferenceError`), whose message is for people.
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
  const redis = wanted === 'auto' ? await startAny(env, notify) : await startOne(wanted, env, notify)
  return { ...redis, notices }
}

/** A source that this machine lacks is silently skipped; one that it has but that fails leaves a notice. */
async function startAny(env: NodeJS.ProcessEnv, notify: Notify): Promise<RunningRedis> {
  for (const start of [containerIfThere, binaryIfThere]) {
    try {
      const redis = await start(env, notify)
      if (redis !== undefined) return redis
    } catch (error) {
      if (!(error instanceof RedisUnavailableError)) throw error
      notify(`${error.problem} Continuing without it.`)
    }
  }
  return startOne('embedded', env, notify)
}

async function containerIfThere(env: NodeJS.ProcessEnv, notify: Notify): Promise<RunningRedis | undefined> {
  const { findEngine } = await import('./container-engine.ts')
  const engine = await findEngine(env)
  if (engine === undefined && !env.DOCKER_HOST && !env.DOCKER_CONTEXT) return undefined
  return (await import('./container.ts')).startContainer(env, notify, engine)
}

async function binaryIfThere(env: NodeJS.ProcessEnv, notify: Notify): Promise<RunningRedis | undefined> {
  const { findRedisServer } = await import('./executables.ts')
  return findRedisServer(env) === undefined ? undefined : startOne('binary', env, notify)
}

async function startOne(
  preference: Exclude<RedisPreference, 'auto'>,
  env: NodeJS.ProcessEnv,
  notify: Notify,
): Promise<RunningRedis> {
  switch (preference) {
    case 'container':
      return (await import('./container.ts')).startContainer(env, notify)
    case 'binary':
      return (await import('./binary.ts')).startBinary(env)
    case 'embedded':
      return (await import('./embedded.ts')).startEmbedded(env)
    default:
      return (await import('./url.ts')).startUrl(preference, env, notify)
  }
}
