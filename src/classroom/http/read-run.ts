import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { BadRecordingError, parseRecording } from '../../recording/parse.ts'
import { limits } from '../limits.ts'
import { inTurn, isReadable } from './large-json.ts'
import { isFollowable } from './recording-work.ts'
import { Refusal } from './refusal.ts'

const unpack = promisify(gunzip)

/** Lists, objects, and commas in a recording: more than in the largest that a check makes. */
const VALUES = 100_000

/**
 * Throws Refusal unless it's a whole recording of that lesson. Nothing larger is unpacked, so a few bytes that would
 * unpack to gigabytes cost nothing.
 */
export async function assertRun(packed: Uint8Array, slug: string): Promise<void> {
  if (packed.byteLength > limits.run) throw new Refusal(413, 'That recording is too large.')
  await inTurn(async () => {
    const unpacked = await unpack(packed, { maxOutputLength: limits.runText }).catch(() => undefined)
    const text = unpacked?.toString('utf8')
    if (text === undefined) throw new Refusal(400, "The recording can't be unpacked, or it's too large.")
    assertRecording(text, slug)
  })
}

function assertRecording(text: string, slug: string): void {
  if (!isReadable(text, VALUES) || !isFollowable(parsed(text))) {
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
