import { writeFileSync } from 'node:fs'
import { collisionOf, keysOf, type Recording, statesOf } from '../../recording/index.ts'
import type { SentCommand } from '../kit/context.ts'
import type { ForeignCommand } from '../kit/recorder/foreign.ts'
import { inOrder } from '../kit/recorder/order.ts'
import { foreignCommands, receivedMessages } from '../kit/recorder/others.ts'
import { recordChanges } from '../kit/recorder/record-changes.ts'
import { sentCommands } from '../kit/recorder/recording.ts'
import type { Logged, LoggedCommand, LoggedEvent, LoggedMessage } from '../kit/recorder/step-log.ts'
import type { RecordedTest } from '../kit/recorder/test-log.ts'
import type { Failure, RecordJob } from '../protocol.ts'
import { withinLimits } from './recording-limits.ts'
import { signature } from './report.ts'
import type { RunningTest } from './runner.ts'
import { attempts } from './sent-commands.ts'
import { fateOf, stepsOf } from './steps-of.ts'

/** Bound before any answer is loaded. */
const write = writeFileSync

/**
 * How many commands are kept from the beginning and from the end of a test that doesn't stop sending. Searching
 * all of them for a collision takes so long that the watchdog would call it an endless loop in the answer.
 */
const FIRST = 500
const LAST = 1_000

/** Writes the recording of one test to a file. */
export interface Recorder {
  /** Resolves when everything is known that the test did last. */
  settled(): Promise<void>
  /** A test has ended, and its data is still there; with a failure, it failed. */
  ended(test: RunningTest, failure?: Failure): void
}

/** Without a failing test there's nothing to record, unless the job names one. */
export function newRecorder(job: RecordJob): Recorder {
  const gate = job.only === undefined ? undefined : recordChanges()
  let isDone = false
  let hasRace = false
  return {
    settled: async () => await gate?.settled(),
    ended(test, failure) {
      try {
        note(test, failure)
      } catch {
        // The verdict counts, with or without a recording of it.
      }
    },
  }

  function note({ task, test }: RunningTest, failure: Failure | undefined): void {
    if (isDone || (failure === undefined && job.only === undefined)) return
    const recorded =
      gate?.recorded(failure === undefined) ?? orderOf(sentCommands(), foreignCommands(), receivedMessages())
    isDone = failure !== undefined
    // Of the tests that passed, the last one in which the check held a command shows the most.
    const isRace = recorded.log.some((one) => one.kind === 'command' && one.command.held === true)
    if (!isDone && hasRace && !isRace) return
    hasRace = isRace
    const recording = recordingOf(job, {
      task,
      test,
      failure,
      recorded,
      depth: gate === undefined ? 'order' : 'changes',
    })
    // Only this user may read it: an answer may write secrets to Redis.
    const json = withinLimits(recording)
    write(job.file, `${signature(job.secret, json)}\n${json}`, { mode: 0o600 })
  }
}

interface Ended {
  readonly task: string
  readonly test: string
  readonly failure: Failure | undefined
  readonly recorded: RecordedTest
  readonly depth: Recording['depth']
}

/** A test that ended, as data. */
export function recordingOf(job: RecordJob, { task, test, failure, recorded, depth }: Ended): Recording {
  const { lesson, version, engine } = job
  const { steps, lanes } = stepsOf(recorded.log)
  const collision = failure && collisionOf({ steps, lanes })
  const leftOut = recorded.log.reduce((sum, one) => sum + (one.kind === 'check' ? (one.leftOut ?? 0) : 0), 0)
  return {
    v: 1,
    lesson,
    version,
    task,
    test,
    engine,
    depth,
    lanes,
    before: statesOf(keysOf(recorded.before)),
    steps,
    after: statesOf(keysOf(recorded.after)),
    ...(leftOut > 0 && { cut: { steps: leftOut, bytes: 0 } }),
    ...(failure && {
      failure: {
        diagnosis: failure.diagnosis,
        ...(failure.expected !== undefined && { expected: failure.expected }),
        ...(failure.received !== undefined && { received: failure.received }),
      },
    }),
    ...(collision && { collision }),
  }
}

/** What's known without a gate. */
export function orderOf(
  commands: readonly SentCommand[],
  foreign: readonly ForeignCommand[],
  messages: readonly LoggedMessage[],
): RecordedTest {
  const own = inOrder(commands.flatMap(attempts)).map(({ command, about }): LoggedCommand => {
    const { sent, sentAt, answered, answeredAt, reply, error } = command
    const fate = fateOf(command)
    const times = { sent, sentAt, answered, answeredAt, reply, error }
    return { kind: 'command', command, fate, ...times, ...(about && { about }), changes: [], woke: [] }
  })
  const log = withoutMiddle(withOthers(own, [...foreign.map(checkOf), ...messages]))
  return { log, before: [], after: [] }
}

function withoutMiddle(log: readonly Logged[]): readonly Logged[] {
  const leftOut = log.length - FIRST - LAST
  const next = log[FIRST]
  if (leftOut <= 1 || next === undefined) return log
  const at = next.kind === 'command' ? next.command.issuedAt : next.at
  const answered = next.answered ?? 0
  const gap: LoggedEvent = { kind: 'check', sent: [], leftOut, changes: [], woke: [], at, answered }
  return [...log.slice(0, FIRST), gap, ...log.slice(-LAST)]
}

/**
 * What the test itself sent and what arrived comes before the first command that was sent later. After the last one,
 * it's part of the test up to the last message; then the test is cleaning up.
 */
function withOthers(own: readonly LoggedCommand[], events: readonly LoggedEvent[]): readonly Logged[] {
  const rest = events.toSorted((a, b) => a.answered - b.answered)
  const log = own.flatMap((one): readonly Logged[] => {
    const until = one.sent ?? one.command.issued
    const count = rest.findIndex(({ answered }) => answered > until)
    return [...joined(rest.splice(0, count === -1 ? rest.length : count)), one]
  })
  const last = rest.findLastIndex(({ kind }) => kind === 'message')
  return [...log, ...joined(rest.slice(0, last + 1))]
}

function checkOf(one: ForeignCommand): LoggedEvent {
  return { kind: 'check', sent: [one], changes: [], woke: [], at: one.sentAt, answered: one.sent }
}

/** What the test sent until a message arrived is one step. What only publishes is shown by the message that arrives. */
function joined(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  const steps: LoggedEvent[] = []
  for (const event of events) {
    const last = steps.at(-1)
    if (event.kind === 'check' && last?.kind === 'check')
      steps.splice(-1, 1, { ...last, sent: [...last.sent, ...event.sent] })
    else steps.push(event)
  }
  return steps.filter(
    (step) => step.kind !== 'check' || !step.sent.every(({ name }) => /^S?PUBLISH$/.test(name)),
  )
}
