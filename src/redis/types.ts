export type RedisKind = 'container' | 'binary' | 'embedded' | 'url'

export type RedisPreference =
  | 'auto'
  | 'container'
  | 'binary'
  | 'embedded'
  | `redis://${string}`
  | `rediss://${string}`

/**
 * What a lesson or a task may need beyond commands: that the Redis in use isn't an imitation, that this machine can
 * start the task's own servers, one alone or three as a cluster.
 */
export type Need = (typeof needs)[number]
export const needs = ['real-server', 'own-server', 'cluster'] as const

/** A running Redis, wherever it came from. It ends with this process, however that ends; `stop` ends it earlier. */
export interface RunningRedis {
  /** With the password, if there's one: for clients, not for people. */
  readonly url: string
  readonly kind: RedisKind
  /** 'Redis 7.0.15', 'Valkey 8.1.1', 'the embedded server': where something ran, in two or three words. */
  readonly name: string
  /** The version of Redis, or of Valkey: '7.0.15'. */
  readonly version: string
  /** For people: 'Redis 8.2 in a container'. */
  readonly description: string
  /** One sentence about what this source can't do, if anything. */
  readonly limits: string | undefined
  /** Sentences about what was tried first and didn't work. */
  readonly notices: readonly string[]
  /** Ends the server and removes its data; a borrowed one (`url`) stays as it is. Safe to call twice. */
  stop(): Promise<void>
  /**
   * Kills the server abruptly, like a power cut (SIGKILL). Rejects with `RedisUnavailableError` if it isn't ours to
   * kill.
   */
  crash(): Promise<void>
  has(need: Need): boolean
  /** Only for a borrowed database (`url`): what it takes to clean it, see `cleanSandbox`. */
  readonly lease?: string
  /**
   * Rejects with `SandboxLostError` if another program has taken a borrowed database: then anything read there means
   * nothing.
   */
  confirm?(): Promise<void>
}

export interface StartOptions {
  /** Receives notices about fallbacks, and about the progress of a download, while `startRedis` is busy. */
  onNotice?(sentence: string): void
  /** Replaces `process.env`: PATH, EVENTLINGS_REDIS, EVENTLINGS_IMAGE, HOME, DOCKER_HOST and the like. */
  readonly env?: NodeJS.ProcessEnv
}
