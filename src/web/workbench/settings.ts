import { hashOf } from '../../common/hash.ts'
import type { Course } from '../../course/index.ts'
import type { RedisPreference } from '../../redis/index.ts'

/** What a verdict depends on, apart from the answer and the course. */
export interface Settings {
  /** The folder of the learner's own answers to build on; undefined for the model solutions. */
  readonly mine?: string | undefined
  /** Default: EVENTLINGS_REDIS or the best available source. */
  readonly redis?: RedisPreference | undefined
}

/** The same for two programs whose verdicts are the same. A Redis address may contain a password, so it's a hash. */
export function settingsOf({ root }: Pick<Course, 'root'>, { mine, redis }: Settings): string {
  const source = redis ?? (process.env.EVENTLINGS_REDIS?.trim() || 'auto')
  return hashOf(JSON.stringify([root, mine ?? null, source]))
}
