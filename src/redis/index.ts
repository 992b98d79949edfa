export type { RedisCluster } from './cluster.ts'
export {
  BadPreferenceError,
  RedisGoneError,
  RedisTroubleError,
  RedisUnavailableError,
  SandboxLostError,
} from './errors.ts'
export { isGone } from './gone.ts'
export { startCluster, startOwnServer } from './own.ts'
export type { OwnServer, OwnServerOptions } from './own-server.ts'
export { parsePreference } from './preference.ts'
export { cleanSandbox, SANDBOX_MARKER } from './sandbox.ts'
export { startRedis } from './start.ts'
export type { Need, RedisKind, RedisPreference, RunningRedis, StartOptions } from './types.ts'
