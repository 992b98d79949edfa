import type { Redis } from 'ioredis'

/** What a server did on its own, so nothing that follows from it is the learner's fault. */
export type Misbehavior =
  | 'gone'
  | 'restarted'
  | 'busy'
  | 'evicting'
  | 'replica'
  | 'full'
  | 'not saving'
  | 'alone'

/** As far as INFO reports it; a field is missing if the server doesn't have it. */
export interface Condition {
  /** Changes with each restart. */
  readonly runId: string | undefined
  readonly evicted: number
  readonly isReplica: boolean
  /** How many commands it has refused, by error: OOM, READONLY and so on. */
  readonly refusals: ReadonlyMap<string, number>
}

export async function conditionOf(client: Redis): Promise<Condition> {
  return readCondition(await client.info())
}

export function readCondition(info: string): Condition {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
  const refusals = [...info.matchAll(/^errorstat_(\w+):count=(\d+)/gm)]
  return {
    runId: field('run_id'),
    evicted: Number(field('evicted_keys') ?? 0),
    isReplica: field('role') === 'slave',
    refusals: new Map(refusals.map(([, prefix = '', count]) => [prefix, Number(count)])),
  }
}

/** Errors that say something about the server, not about the command. */
const REFUSALS: readonly (readonly [string, Misbehavior])[] = [
  ['OOM', 'full'],
  ['READONLY', 'replica'],
  ['MISCONF', 'not saving'],
  ['NOREPLICAS', 'alone'],
  ['LOADING', 'restarted'],
]

/** Redis refused a command because a script keeps it busy. */
export function saysBusy(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('BUSY ')
}

/**
 * What the reply says about a server that refused to report its state. A server that replies anything else is alive
 * all the same.
 */
export function refusedToTell(error: unknown): Misbehavior | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return 'gone'
  return saysBusy(error) ? 'busy' : undefined
}

/** What happened to the server between two looks at it. */
export function misbehavior(before: Condition, after: Condition): Misbehavior | undefined {
  if (before.runId !== after.runId) return 'restarted'
  if (after.isReplica) return 'replica'
  if (after.evicted > before.evicted) return 'evicting'
  const grew = (prefix: string) => (after.refusals.get(prefix) ?? 0) > (before.refusals.get(prefix) ?? 0)
  return REFUSALS.find(([prefix]) => grew(prefix))?.[1]
}
