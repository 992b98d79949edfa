import type { SentCommand } from '../context.ts'
import { environment, hasSandbox } from '../environment.ts'
import { onViolation } from '../guards/violations.ts'
import { activityCount, sentCommands } from '../recorder/recording.ts'
import { callInCode, showCommand } from '../show.ts'
import { AdaptiveTimeout } from '../silence/adaptive-timeout.ts'
import { blockingOf } from '../silence/blocking.ts'
import { BUSY, isBusyWithScript, isSilentInScript } from '../silence/hearts.ts'
import { endScripts, everyTick } from '../silence/pulse.ts'
import { DiagnosisError } from '../verify.ts'

export interface Guard {
  readonly failed: Promise<never>
  /** It has found a script that never ends, and `failed` will say so. */
  endsScript(): boolean
  stop(): void
}

/**
 * Gives up on code that never ends, and on nothing else. While Redis owes an answer, the clock of the learner's code
 * stops, unless that answer is to a command that blocks or a script that never ends.
 */
export function watchForEnd(name: string, seconds: number): Guard {
  let endsScript = false
  let quiet = 0
  let all = 0
  const silenceMs = Math.max(3_000, (seconds * 1_000) / 3)
  const silence = () => new AdaptiveTimeout(silenceMs)
  const whole = new AdaptiveTimeout(seconds * 1_000)
  let silent = silence()
  let last = activityCount()
  let reject: (error: DiagnosisError) => void = () => {}
  const failed = new Promise<never>((_, refuse) => {
    reject = refuse
  })
  failed.catch(() => {})
  const fail = (error: DiagnosisError) => {
    stopTicking() // also for a run whose process "died", which nothing else stops
    reject(error)
  }
  const stopTicking = everyTick((ms, atWork) => {
    all += atWork
    quiet += ms
    if (activityCount() !== last) {
      last = activityCount()
      quiet = 0
      silent = silence()
    }
    if (isEndlessScript()) endScript()
    else if (silent.isOver(quiet)) fail(stuck(name, quiet))
    // The limit of a silence may have grown past that of the whole.
    else if (whole.isOver(all)) fail(quiet < silenceMs ? endless(name, all / 1_000) : stuck(name, quiet))
  })
  // A Redis that can't say so is silent, and so is one that gets no time on a busy machine.
  let inScript = 0
  let untold = new AdaptiveTimeout(BUSY)
  const isEndlessScript = () => {
    if (canSay()) return isBusyWithScript()
    inScript = isSilentInScript() ? inScript + 1 : 0
    if (inScript === 0) untold = new AdaptiveTimeout(BUSY)
    return untold.isOver(inScript)
  }
  const endScript = () => {
    stopTicking()
    endsScript = true
    const found = endlessScript(name)
    void endScripts(canSay()).then(() => fail(found))
  }
  const forget = onViolation((found) => fail(new DiagnosisError(found.sentence, { guestStack: found.stack })))
  return {
    failed,
    endsScript: () => endsScript,
    stop() {
      stopTicking()
      forget()
    },
  }
}

/** A Redis that reports that a script keeps it busy. */
function canSay(): boolean {
  return !hasSandbox() || environment().kind !== 'embedded'
}

function stuck(name: string, ms: number): DiagnosisError {
  const waiting = sentCommands().filter(({ pending, gone }) => pending && gone === undefined)
  const open = waiting.at(-1)
  const seconds = Math.round(ms / 100) / 10
  if (open === undefined) {
    return new DiagnosisError(
      `${callInCode(name)} never finished: its promise was still pending after ${seconds} seconds without a command to Redis. It awaits something that never resolves.`,
    )
  }
  const command = showCommand(open.name, open.args)
  return new DiagnosisError(
    `${callInCode(name)} is still waiting for the reply to ${command} after ${seconds} seconds.${whyItWaits(open, waiting)}`,
    { guestStack: open.origin.stack },
  )
}

function whyItWaits(open: SentCommand, waiting: readonly SentCommand[]): string {
  const blocking = blockingOf(open.name, open.args)
  if (blocking?.kind === 'forever') {
    return ' A time limit of 0 means forever, so it never returns when nothing arrives. Set a time limit, and handle the empty reply.'
  }
  if (blocking !== undefined) {
    return ` It can block for ${blocking.ms} milliseconds when nothing arrives. Set a shorter time limit, and handle the empty reply.`
  }
  const before = waiting.find(({ client, name, args }) => client === open.client && blockingOf(name, args))
  if (before === undefined) return ''
  return ` It's in line behind ${showCommand(before.name, before.args)}, which blocks the connection. Use a separate connection for the blocking command, such as \`redis.duplicate()\`.`
}

function endlessScript(name: string): DiagnosisError {
  const open = sentCommands().find((command) => command.pending && /^(EVAL|FCALL)/.test(command.name))
  const what = open?.name ?? 'EVAL'
  return new DiagnosisError(
    `A script that ${callInCode(name)} sent with ${callInCode(what)} never ends. While a script runs, Redis can't serve any other client, so check the condition that should end its loop.`,
    { guestStack: open?.origin.stack },
  )
}

function endless(name: string, seconds: number): DiagnosisError {
  return new DiagnosisError(
    `${callInCode(name)} was still sending commands after ${Math.round(seconds)} seconds (${sentCommands().length} so far), so it has a loop that doesn't end. Check the condition that should end it.`,
    { guestStack: sentCommands().at(-1)?.origin.stack },
  )
}
