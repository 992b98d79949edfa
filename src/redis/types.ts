export type RedisKind = 'container' | 'binary' | 'embedded' | 'url'

export type RedisPreference =
  | 'auto'
  | 'container'
  | 'binary'
  | 'embedded'
  | `redis://${string}`
  | `rediss://${string}`

/**
 * What a lesson or a task may ask beyond commands: of the Redis in use that it is no imitation, of this machine that servers of
 * the task's own can be started on it, one alone or three as a cluster.
 */
export type Need = 'real-server' | 'own-server' | 'cluster'

/** A Redis that runs, wherever it came from. It ends with this process, however that ends; `stop` ends it earlier. */
export interface RunningRedis {
  /** With the password, if there is one: for clients, not for people. */
  readonly url: string
  readonly kind: RedisKind
  /** 'Redis 7.0.15', 'Valkey 8.1.1', 'the embedded server': where something ran, in two or three words. */
  readonly name: string
  /** Of Redis, or of Valkey if it is that: '7.0.15'. */
  readonly version: string
  /** For people: 'Redis 8.2 in a container'. */
  readonly description: string
  /** One sentence on what this source cannot do, if there is something. */
  readonly limits: string | undefined
  /** Sentences on what was tried first and did not work. */
  readonly notices: readonly string[]
  /** Ends the server and removes its data; a borrowed one (`url`) stays as it is. Safe to call twice. */
  stop(): Promise<void>
  /** Kills the server as a power cut would (SIGKILL). Rejects with `RedisUnavailableError` where it is not ours to kill. */
  crash(): Promise<void>
  has(need: Need): boolean
  /** Only of a borrowed database (`url`): what cleaning it takes, see `cleanSandbox`. */
  readonly lease?: string
  /** Rejects with `SandboxLostError` if somebody else has taken a borrowed database since: what was read there means nothing. */
  confirm?(): Promise<void>
}

export interface StartOptions {
  /** Hears about fall-backs, and how a download gets on, while `startRedis` is busy. */
  onNotice?(sentence: string): void
  /** Instead of `process.env`: PATH, EVENTLINGS_REDIS, EVENTLINGS_IMAGE, HOME, DOCKER_HOST and its kin. */
  readonly env?: NodeJS.ProcessEnv
}
