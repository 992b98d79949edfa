import { inspect } from 'node:util'
import type { Redis } from 'ioredis'
import { attempt, type Outcome } from '../call.ts'
import { connectionsStillOpen } from '../connections.ts'
import type { SentCommand } from '../context.ts'
import { sentCommands } from '../recorder/recording.ts'
import { adminClient } from '../sandbox.ts'
import { startServer } from '../servers/own-server.ts'
import { shorten, words } from '../show.ts'
import { DiagnosisError, verify } from '../verify.ts'
import { everyRefusal, type Refusal } from './refusal.ts'

export interface PassesOn<T> extends Omit<Refusal<T>, 'verify' | 'name'> {
  /** What a diagnosis calls the learner's function. */
  readonly name: string
  /** Why the caller needs the error, as the end of the diagnosis. */
  readonly why: string
  /** Whether the code did its whole job without the refused command, for example with another one; default: never. */
  readonly works?: (value: Awaited<T>) => boolean | Promise<boolean>
  /** A class of errors from the lesson with another meaning, which don't count even if they name their cause. */
  readonly never?: abstract new (
    ...args: never[]
  ) => Error
  /** Whether the code also has to close its own connections each time; default: no. */
  readonly closes?: boolean
}

/** Makes Redis refuse each command in turn; fails with a diagnosis unless that error reaches the caller. */
export async function passesOnErrors<T>(passesOn: PassesOn<T>): Promise<void> {
  const { why, works, never, closes = false, ...refusal } = passesOn
  const { name } = refusal
  let before = 0
  await everyRefusal({
    ...refusal,
    run(redis) {
      before = sentCommands().length
      return refusal.run(redis)
    },
    async verify({ outcome, refused, isReported }) {
      const sent = sentCommands().slice(before)
      const isDone = refused === undefined || (outcome.ok && (await works?.(outcome.value)))
      const isOther = typeof never === 'function' && !outcome.ok && outcome.error instanceof never
      if (!isDone && (!isReported || isOther)) {
        fail(
          `Redis refused \`${refused}\` with an error (\`NOPERM\`)`,
          name,
          outcome,
          'that error',
          why,
          sent,
        )
      }
      if (closes) await verifyClosed(refused === undefined ? '' : `Redis refused \`${refused}\`, and `, name)
    },
  })
}

/** The options of `PassesOn` that apply to a server that refuses all writes. */
export interface PassesOnRefusedWrite<T> extends Pick<PassesOn<T>, 'name' | 'run' | 'why' | 'never'> {
  /** Plants what the code reads, before Redis refuses to write. */
  readonly prepare?: (admin: Redis) => unknown
}

/**
 * Lets the code write to a server that refuses it for lack of a replica; fails with a diagnosis unless that error
 * reaches the caller. Needs an `own-server`.
 */
export async function passesOnRefusedWrite<T>(passesOn: PassesOnRefusedWrite<T>): Promise<void> {
  const { name, run, why, never, prepare } = passesOn
  const { admin, connect } = await startServer()
  await prepare?.(admin)
  await admin.config('SET', 'min-replicas-to-write', 1)
  const before = sentCommands().length
  const outcome = await attempt(name, () => run(connect()))
  const isOther = typeof never === 'function' && !outcome.ok && outcome.error instanceof never
  if (!outcome.ok && !isOther && /NOREPLICAS|EXECABORT/.test(inspect(outcome.error))) return
  const sent = sentCommands().slice(before)
  await admin.ping() // if the server is gone, this waits until the check says so: none of this is the learner's fault
  const what = 'Redis refused to write because it had no replica (`NOREPLICAS`)'
  fail(what, name, outcome, 'the error from Redis', why, sent)
}

/**
 * Plants a list, or another type, at the key; fails with a diagnosis unless the error about it reaches the caller and
 * the code closes its own connections. The key is gone afterward.
 */
export async function passesOnWrongType(
  name: string,
  key: string,
  run: () => unknown,
  why = "An error isn't an empty reply.",
  type: 'list' | 'string' = 'list',
): Promise<void> {
  const admin = adminClient()
  await admin.del(key)
  await (type === 'list' ? admin.rpush(key, 'x') : admin.set(key, 'x'))
  const planted = `The key \`${key}\` held a ${type}`
  const before = sentCommands().length
  const outcome = await attempt(name, run)
  if (outcome.ok || !inspect(outcome.error).includes('WRONGTYPE')) {
    const sent = sentCommands().slice(before)
    fail(planted, name, outcome, 'the error from Redis (`WRONGTYPE`)', why, sent)
  }
  await verifyClosed(`${planted}, and `, name)
  await admin.del(key)
}

function fail(
  what: string,
  name: string,
  outcome: Outcome<unknown>,
  error: string,
  why: string,
  sent: readonly SentCommand[],
): never {
  const where =
    outcome.ok && sent.some(isErrorInReplies)
      ? ' `exec()` resolves even if one of its commands fails, so check each reply.'
      : ''
  throw new DiagnosisError(
    `${what}, and \`${name}\` ${described(outcome)}. Expected it to reject with ${error}. ${why}${where}`,
    { expected: words('the error from Redis'), received: outcome.ok ? outcome.value : outcome.error },
  )
}

/** Whether the error was in what `exec()` resolved with, and not thrown. */
function isErrorInReplies({ name, pipeline, error, reply }: SentCommand): boolean {
  if (name === 'EXEC') return Array.isArray(reply) && reply.some((one) => one instanceof Error)
  return pipeline !== undefined && error !== undefined
}

/** What the code made of the error. */
function described(outcome: Outcome<unknown>): string {
  if (!outcome.ok) {
    return `rejected with ${outcome.error instanceof Error ? `a different error (\`${outcome.error.name}\`)` : 'something else'}`
  }
  if (outcome.value === undefined) return 'resolved as if it had worked'
  const value = inspect(outcome.value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 2 })
  return `returned \`${shorten(value, 60)}\``
}

async function verifyClosed(what: string, name: string): Promise<void> {
  const left = await connectionsStillOpen()
  verify(
    left === 0,
    `${what}\`${name}\` left a connection open. Close your own connections in a \`finally\`.`,
    { expected: words('no more connections than before'), received: words(`${left} more`) },
  )
}
