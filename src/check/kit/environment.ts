import type { Need } from '../../redis/types.ts'

/**
 * The Redis that the suites work on, set by the program that started the process: the check's supervisor or Vitest's
 * global setup.
 */
export interface SandboxEnvironment {
  readonly url: string
  readonly kind: 'container' | 'binary' | 'embedded' | 'url'
  /** What it takes to clean a borrowed database (`url`). */
  readonly lease?: string | undefined
  readonly has: readonly Need[]
  /** Admin commands that the lesson's answers may send, for example `CONFIG SET`. */
  readonly allow: readonly string[]
}
const VARIABLE = 'EVENTLINGS_SANDBOX'
let current: SandboxEnvironment | undefined

export function setEnvironment(environment: SandboxEnvironment): void {
  current = environment
}

export function environment(): SandboxEnvironment {
  current ??= fromVariables(process.env)
  return current
}

/** False where a suite runs on a store of its own, as the one for any event store can. */
export function hasSandbox(): boolean {
  return current !== undefined || process.env[VARIABLE] !== undefined
}

/** Each Vitest worker gets its own server, so files that run side by side can't see each other's Pub/Sub. */
function fromVariables(env: NodeJS.ProcessEnv): SandboxEnvironment {
  const worker = Number.parseInt(env.VITEST_POOL_ID ?? '1', 10)
  const all: unknown = JSON.parse(env[VARIABLE] ?? 'null')
  if (!Array.isArray(all) || all.length === 0)
    throw new Error(
      "There's no sandbox. Run lesson suites with `npx eventlings check` or `npx vitest` in the project folder.",
    )
  return all[(worker - 1) % all.length]
}

export function toVariable(environments: readonly SandboxEnvironment[]): Readonly<Record<string, string>> {
  return { [VARIABLE]: JSON.stringify(environments) }
}

/** True when the Redis in use can't do what a task needs: `describe.skipIf(lacks('real-server'))`. */
export function lacks(need: Need): boolean {
  return !environment().has.includes(need)
}
