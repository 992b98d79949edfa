import { createHmac, timingSafeEqual } from 'node:crypto'
import { writeSync } from 'node:fs'
import type { Report } from '../protocol.ts'

/** The pipe that the supervisor reads; the watchdog's thread also writes to it, by its number. */
export const REPORT_FD = 3

/** The first line, which needs no signature: an answer comes only after it. */
export const LOADED = 'loaded'

/** Bound before any answer is loaded, so nothing an answer does to `JSON` or `fs` later changes anything here. */
const write = writeSync
const hmac = createHmac
const stringify = JSON.stringify

/**
 * A report that only the holder of the secret can have made. `sequence` keeps lines from being repeated or reordered.
 */
export function signer(secret: string, channel: 'main' | 'watchdog' = 'main'): (report: Report) => string {
  let sequence = 0
  return (report) => {
    sequence += 1
    const body = stringify([channel, sequence, report])
    return `${signature(secret, body)} ${body}\n`
  }
}

export function signature(secret: string, body: string): string {
  return hmac('sha256', secret).update(body).digest('hex')
}

/** Whether only the holder of the secret can have made it. */
export function isSignature(given: string, secret: string, body: string): boolean {
  const [one, right] = [Buffer.from(given), Buffer.from(signature(secret, body))]
  return one.length === right.length && timingSafeEqual(one, right)
}

export function writeReport(line: string): void {
  write(REPORT_FD, line)
}
