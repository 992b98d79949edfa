export { BadPreferenceError, RedisUnavailableError } from './errors.ts'
export { parsePreference } from './preference.ts'
export { startRedis } from './start.ts'
export type { Need, RedisKind, RedisPreference, RunningRedis, StartOptions } from './types.ts'
