import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Turns } from '../../common/turns.ts'
import { BadRecordingError, parseRecording } from '../../recording/parse.ts'
import { limits } from '../limits.ts'
import { Refusal } from './answers.ts'
import { isFollowable, isReadable } from './recording-work.ts'

const unpack = promisify(gunzip)

/** One at a time, because unpacked, a few dozen of the worst would fill the memory. */
const turns = new Turns()
let waiting = 0

/**
 * Throws Refusal unless it's a whole recording of that lesson. Nothing larger is unpacked, so a few bytes that would
 * unpack to gigabytes cost nothing.
 */
export async function assertRun(packed: Uint8Array, slug: string): Promise<void> {
  if (packed.byteLength > limits.run) throw new Refusal(413, 'That recording is too large.')
  if (waiting >= limits.runsOfAll.burst) {
    throw new Refusal(429, 'Many recordings are arriving right now. Try again in 10 seconds.', 10)
  }
  waiting += 1
  try {
    await turns.take(() => read(packed, slug))
  } finally {
    waiting -= 1
  }
}

/** Afterward, everyone else has the hub for as long as it took. */
async function read(packed: Uint8Array, slug: string): Promise<void> {
  const unpacked = await unpack(packed, { maxOutputLength: limits.runText }).catch(() => undefined)
  const text = unpacked?.toString('utf8')
  if (text === undefined) throw new Refusal(400, "The recording can't be unpacked, or it's too large.")
  const began = performance.now()
  try {
    assertRecording(text, slug)
  } finally {
    await sleep(performance.now() - began, undefined, { ref: false })
  }
}

function assertRecording(text: string, slug: string): void {
  if (!isReadable(text) || !isFollowable(parsed(text))) {
    throw new Refusal(413, 'That recording has too many steps or values.')
  }
  try {
    if (parseRecording(text, 'It').lesson === slug) return
  } catch (error) {
    if (!(error instanceof BadRecordingError)) throw error
  }
  throw new Refusal(400, "That isn't a recording of this lesson. Do you have the same version of eventlings?")
}

/** Undefined if it isn't JSON, which the recording's own reader explains. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
