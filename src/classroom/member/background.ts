import { spawn } from 'node:child_process'
import { closeSync, openSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasAnswers } from './answers.ts'
import { classFiles } from './files.ts'
import { readSent } from './membership.ts'
import { RefusedError } from './request.ts'
import { type Sending, sendPending, sizeOf } from './send.ts'

/** Time after which a sender that hasn't touched its lock counts as gone (ms). */
const GONE = 60_000
/** Interval after which class news is fetched again (ms): by a command, and by a program that stays open. */
const VIEW_AGE = 4_000
const VIEW_AGE_STAYING = 15_000
const FIRST_WAIT = 500
const LONGEST_WAIT = 20_000

/** Whether there's anything to send to the class or to ask it for. A few looks at the disk. */
export function hasPending(folder: string, viewAge = VIEW_AGE): boolean {
  const { sent, view } = classFiles(folder)
  const askedAt = Math.max(timeOf(view), timeOf(sent))
  return sizeOf(folder) !== readSent(folder).size || hasAnswers(folder) || Date.now() - askedAt > viewAge
}

/**
 * Starts a separate process that sends, so that no command waits for the network. It ends when everything is sent, or
 * after a while without a class that answers: then the next command starts another.
 */
export function sendInBackground(folder: string, program: string, env: NodeJS.ProcessEnv): void {
  if (isSending(folder)) return
  const child = spawn(process.execPath, [program, 'class', 'send', '--background'], {
    stdio: 'ignore',
    detached: true,
    env,
    windowsHide: true,
  })
  child.once('error', () => {})
  child.unref()
}

/** Sends until everything has arrived, retrying for `timeoutMs`. True if everything is sent. */
export async function sendUntilDone(sending: Sending, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  const letGo = takeLock(classFiles(sending.folder).sender)
  if (letGo === undefined) return false
  try {
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      const outcome = await tryToSend(sending)
      if (outcome !== 'unreachable') return outcome === 'sent'
      if (performance.now() + wait > deadline) return false
      await sleep(wait)
      touch(classFiles(sending.folder).sender)
    }
  } finally {
    letGo()
  }
}

/**
 * Sends as long as a program stays open (watch, walkthrough), alongside its work. Returns the function that ends it.
 */
export function keepSending(sending: Sending, beforehand: () => void = () => {}): () => void {
  const stop = new AbortController()
  void (async () => {
    let wait = FIRST_WAIT
    while (!stop.signal.aborted) {
      attempt(beforehand)
      const outcome = hasPending(sending.folder, VIEW_AGE_STAYING) ? await tryToSend(sending) : 'sent'
      const waits = {
        sent: FIRST_WAIT / 2,
        refused: LONGEST_WAIT,
        unreachable: Math.min(wait * 2, LONGEST_WAIT),
      }
      wait = waits[outcome]
      await sleep(wait, undefined, { signal: stop.signal, ref: false }).catch(() => {})
    }
  })().catch(() => {})
  return () => stop.abort()
}

/** `refused`: the class is closed, or no longer accepts us. */
async function tryToSend(sending: Sending): Promise<'sent' | 'refused' | 'unreachable'> {
  try {
    await sendPending(sending)
    return 'sent'
  } catch (error) {
    const isFinal = error instanceof RefusedError && error.status < 500 && error.status !== 429
    return isFinal ? 'refused' : 'unreachable'
  }
}

/** A full disk must not prevent sending. */
function attempt(task: () => void): void {
  try {
    task()
  } catch {
    // The next round retries.
  }
}

/** Only for economy: two concurrent senders do no harm. */
function takeLock(file: string): (() => void) | undefined {
  if (Date.now() - timeOf(file) > GONE) rmSync(file, { force: true })
  try {
    const lock = openSync(file, 'wx')
    writeSync(lock, String(process.pid))
    closeSync(lock)
    return () => rmSync(file, { force: true })
  } catch {
    return undefined
  }
}

function isSending(folder: string): boolean {
  return Date.now() - timeOf(classFiles(folder).sender) < GONE
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date())
  } catch {
    // Another program took it away: two senders, then.
  }
}

function timeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
