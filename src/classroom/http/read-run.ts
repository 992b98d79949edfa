import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { BadRecordingError, parseRecording } from '../../recording/parse.ts'
import { limits } from '../limits.ts'
import { Refusal } from './answers.ts'

const unpack = promisify(gunzip)

/**
 * Throws Refusal unless it's a whole recording of that lesson. Nothing larger is unpacked, so a few bytes that would
 * unpack to gigabytes cost nothing.
 */
export async function assertRun(packed: Uint8Array, slug: string): Promise<void> {
  if (packed.byteLength > limits.run) throw new Refusal(413, 'That recording is too large.')
  const text = await unpack(packed, { maxOutputLength: limits.runText }).catch(() => undefined)
  if (text === undefined) throw new Refusal(400, "The recording can't be unpacked, or it's too large.")
  try {
    if (parseRecording(text.toString('utf8'), 'It').lesson === slug) return
  } catch (error) {
    if (!(error instanceof BadRecordingError)) throw error
  }
  throw new Refusal(400, "That isn't a recording of this lesson. Do you have the same version of eventlings?")
}
