/**
 * A warm process: it has loaded everything but the learner's file, waits for that on its standard input, runs it,
 * reports on the third pipe and dies. Isolation, watchdog and speed in one. Only `dev check` asks it to stay for
 * another answer, and it does so if the last one left nothing behind.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { countLeftOpen } from '../kit/connections.ts'
import { setEnvironment } from '../kit/environment.ts'
import { isOfTheDead } from '../kit/faults/the-dead.ts'
import { guardProcesses } from '../kit/guards/processes.ts'
import { setLearnersFiles } from '../kit/learners-frames.ts'
import { keepOthers } from '../kit/recorder/others.ts'
import { adminClient, misbehaviorSince, noteCondition, warmUp } from '../kit/sandbox.ts'
import { serverTrouble } from '../kit/servers/servers.ts'
import { saysBusy } from '../kit/silence/condition.ts'
import { isSpoiled, onRedisNews, silencesSoFar } from '../kit/silence/pulse.ts'
import type { Disturbance, Failure, Job, Report, WorkerSetup } from '../protocol.ts'
import { guardEndings } from './exit-guard.ts'
import { watchShared } from './globals-guard.ts'
import { watchLeftovers } from './leak-check.ts'
import { prepareWhenIdle } from './prepare-when-idle.ts'
import { newRecorder } from './recorder.ts'
import { LOADED, signer, writeReport } from './report.ts'
import { SuiteRunner } from './runner.ts'
import { recordedCommands } from './sent-commands.ts'
import { placeIn } from './source-location.ts'
import { lines } from './standard-input.ts'
import { textOf } from './text-of.ts'
import { startWatchdog } from './watchdog.ts'

const exit = process.exit.bind(process)

process.setSourceMapsEnabled(true)
Error.stackTraceLimit = 30
const input = lines(process.stdin)
const setup = JSON.parse(await input.next()) as WorkerSetup
setEnvironment(setup.environment)
const endings = guardEndings() // before the shared things are remembered
// What suite and answer import. These modules are files of their own, for which the learner would wait.
const imports = Promise.all([import('../kit/index.ts'), import('./vitest.ts'), import('ioredis')])
// Not awaited before the answer arrives: a silent Redis never replies, and that has to be reported.
const warm = Promise.all([warmUp(), imports]).then(() => ({
  changed: watchShared(),
  asBefore: watchLeftovers(),
}))
/** Set as soon as the process is warm: until then no part of an answer has run. */
let changed: () => string | undefined = () => undefined
const watchdog = startWatchdog(setup.supervisor)
guardProcesses() // after the watchdog, which is a thread, and before the shared things are remembered
await imports
writeReport(`${LOADED}\n`)
const cancelPreparation = prepareWhenIdle()
let job = JSON.parse(await input.next()) as Job
cancelPreparation()
const unhandled: Failure[] = []
process.on('unhandledRejection', (reason) => {
  if (!isOfTheDead(reason)) unhandled.push(rejection(reason))
})
process.on('uncaughtException', (error) => unhandled.push(uncaught(error)))
while (await run(job)) job = JSON.parse(await input.next()) as Job
exit(0)

/** Resolves to true when the process may be used again. Never rejects: an error here is reported as ours. */
async function run(job: Job): Promise<boolean> {
  const sign = signer(job.secret)
  const report = (message: Report) => writeReport(sign(message))
  report({ kind: 'started' })
  try {
    return await check(job, report)
  } catch (error) {
    // An answer that replaced what all code shares may have made our own code throw.
    const failure = changedFailure(changed())
    report(
      failure === undefined
        ? { kind: 'broken', why: textOf(error) }
        : { kind: 'ending', failure, commands: [] },
    )
    return false
  }
}

async function check(
  {
    secret,
    bundle,
    answer,
    answerText,
    files,
    exports,
    allow,
    untilFirstFailure,
    lastTry,
    stay,
    record,
  }: Job,
  report: (message: Report) => void,
): Promise<boolean> {
  unhandled.length = 0 // anything later isn't this answer's
  setEnvironment({ ...setup.environment, allow })
  setLearnersFiles(files)
  const stopListening = onRedisNews((news) => {
    if (news.kind === 'lost') report({ kind: 'disturbed', by: news.how })
    else report({ kind: 'redis', news })
  })
  const { asBefore, changed: changedSince } = await warm
  changed = changedSince
  await outlive()
  await noteCondition()
  keepOthers(record !== undefined)
  const recorder = record && newRecorder(record)
  watchdog.arm(secret, files)
  let runner: SuiteRunner | undefined
  endings.watch((failure) => {
    report({ kind: 'ending', failure, ...recordedCommands() })
    if (runner !== undefined) recorder?.ended(runner.current, failure)
  })
  let silences = silencesSoFar(!lastTry)
  /** Whatever ends in a rejection that no one handled may still be running, and isn't to reach the next answer. */
  let hadUnhandled = false
  const misdeed = (): Failure | undefined => {
    const [first] = unhandled.splice(0)
    hadUnhandled ||= first !== undefined
    return first ?? endings.attempted()
  }
  /**
   * What Redis did on its own while a test failed. It's reported, and ends the run: the supervisor waits for nothing
   * more.
   */
  const disturbance = async (): Promise<boolean> => {
    if (isSpoiled()) return false
    const why = await serverTrouble()
    if (why !== undefined) {
      report({ kind: 'disturbed', by: 'no server', why })
      return true
    }
    const misbehavior = await misbehaviorSince() // first, because it waits for a Redis that has just fallen silent
    const by: Disturbance | undefined =
      misbehavior ?? (silencesSoFar(!lastTry) > silences ? 'paused' : undefined)
    if (by !== undefined) report({ kind: 'disturbed', by })
    return by !== undefined
  }
  runner = new SuiteRunner({
    bundleUrl: pathToFileURL(bundle).href,
    answer,
    answerText,
    exports,
    untilFirstFailure,
    only: record?.only,
    async ended(test, failure) {
      if (failure !== undefined) await recorder?.settled()
      recorder?.ended(test, failure)
    },
    report,
    misdeed,
    tampering: () => changedFailure(changed()),
    begins() {
      silences = silencesSoFar(!lastTry)
    },
    disturbance,
  })
  const failure = await runner.run()
  if (failure !== undefined) report({ kind: 'unusable', failure })
  await settle()
  const late = changedFailure(changed()) ?? unhandled.shift()
  if (late !== undefined && !(await disturbance())) report({ kind: 'ending', failure: late, commands: [] })
  const notes = leftOpen()
  stopListening()
  hadUnhandled ||= unhandled.length > 0
  const stays = stay && late === undefined && !hadUnhandled && (await asBefore().catch(() => false))
  report({ kind: 'done', notes, stays })
  return stays
}

/**
 * A check that was cut short may have left commands on their way to Redis. Once Redis has answered another question,
 * they're over and can't end up in the data of this answer. A script among them keeps Redis busy; the pulse reports
 * that, and ends a wait that takes too long.
 */
async function outlive(): Promise<void> {
  while (await isBusy()) await sleep(20)
}

async function isBusy(): Promise<boolean> {
  try {
    await adminClient().ping()
    return false
  } catch (error) {
    if (saysBusy(error)) return true
    throw error
  }
}

/** An unhandled rejection shows itself after the microtasks; two turns are enough for those already on the way. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

function rejection(reason: unknown): Failure {
  return {
    diagnosis: `A promise was rejected and no code handled it (${textOf(reason)}), which ends the process in production. Add the missing \`await\` or \`catch\`.`,
    ...placeIn(reason instanceof Error ? reason.stack : undefined),
  }
}

function uncaught(error: unknown): Failure {
  return {
    diagnosis: `An error was thrown where no code could catch it, in a timer or an event handler (${textOf(error)}). In production this ends the process.`,
    ...placeIn(error instanceof Error ? error.stack : undefined),
  }
}

function changedFailure(path: string | undefined): Failure | undefined {
  if (path === undefined) return undefined
  return {
    diagnosis: `Your code replaced ${path.replace(/^\S+/, '`$&`')}, which it shares with the tests and every library, so they can no longer rely on it. Leave it as it is; if a task needs a clock or randomness, it passes them in.`,
  }
}

function leftOpen(): readonly string[] {
  const open = countLeftOpen()
  return open === 0
    ? []
    : [
        `Your code opened ${open} connection${open === 1 ? '' : 's'} and didn't close ${open === 1 ? 'it' : 'them'}.`,
      ]
}
