import { sentenceOf } from '../common/errors.ts'
import { Exit } from '../common/exit.ts'
import { self } from '../common/self.ts'
import { apply, keysOf } from './fold.ts'
import { recordingSchema } from './schema.ts'
import { collidingSteps } from './sentence.ts'
import type { Recording } from './types.ts'

/** A file isn't a recording that this version can show. The message says what to do. */
export class BadRecordingError extends Error {
  override readonly name = 'BadRecordingError'
  readonly exitCode = Exit.wrongUse
}

const remedy = () => `To make a recording, run \`${self} check --record FILE\`.`

/** The recording in a file; `name` is what a message calls the file. Throws BadRecordingError. */
export function parseRecording(json: string, name: string): Recording {
  const value = parseJson(json, name)
  const version = typeof value === 'object' && value !== null && 'v' in value ? value.v : undefined
  if (typeof version === 'number' && version !== 1) {
    throw new BadRecordingError(
      `${name} is a recording of version ${version}, but this version of eventlings reads only version 1. Record the run again, or open the file with the eventlings that made it.`,
    )
  }
  const parsed = recordingSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue === undefined || issue.path.length === 0 ? '' : ` (at ${issue.path.join('.')})`
    throw new BadRecordingError(`${name} isn't a recording${where}. ${remedy()}`)
  }
  assertWhole(parsed.data, name)
  return parsed.data
}

/** Maximum size of a file, in bytes: four times as much as any recording that a check makes. */
const MOST_BYTES = 4_000_000

/** The recording in a file that may be anything, even one that never ends. */
export async function parseFile(chunks: AsyncIterable<Uint8Array>, name: string): Promise<Recording> {
  const read: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) {
      throw new BadRecordingError(`${name} isn't a recording, because it's larger than 4 MB. ${remedy()}`)
    }
    read.push(chunk)
  }
  return parseRecording(await new Blob(read as Uint8Array<ArrayBuffer>[]).text(), name)
}

function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new BadRecordingError(`${name} isn't a recording, because it isn't JSON. ${remedy()}`)
  }
}

/** A screen steps through the recording, so its steps have to fit each other. */
function assertWhole({ before, steps, lanes, collision }: Recording, name: string): void {
  let keys = keysOf(before)
  let last = 0
  const ids = new Set(lanes.map(({ id }) => id))
  for (const step of steps) {
    try {
      if (step.n <= last) throw new Error(`It comes after step ${last}.`)
      if ('lane' in step && !ids.has(step.lane)) throw new Error(`There's no lane ${step.lane}.`)
      keys = apply(keys, step)
      last = step.n
    } catch (error) {
      throw new BadRecordingError(`${name} is damaged at step ${step.n}. ${sentenceOf(error)} ${remedy()}`)
    }
  }
  const known = new Set(steps.map(({ n }) => n))
  const missing = collidingSteps(collision).find((n) => !known.has(n))
  if (missing !== undefined) {
    throw new BadRecordingError(
      `${name} is damaged. Step ${missing}, which collided, isn't in it. ${remedy()}`,
    )
  }
}
