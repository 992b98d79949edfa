import { apply, keysOf } from './fold.ts'
import { recordingSchema } from './schema.ts'
import type { Recording } from './types.ts'

/** A file isn't a recording that this version can show. The message says what to do. */
export class BadRecordingError extends Error {
  override readonly name = 'BadRecordingError'
}

/** The recordings in a file: one, or a list of them. `name` is what a message calls the file. */
export function parseRecordings(json: string, name: string): readonly Recording[] {
  const value = parseJson(json, name)
  const all = Array.isArray(value) ? value : [value]
  if (all.length === 0) throw new BadRecordingError(`${name} holds no recording.`)
  return all.map((one) => parseOne(one, name))
}

function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new BadRecordingError(`${name} isn't a recording: it isn't valid JSON. ${HOW_TO}`)
  }
}

const HOW_TO = 'Run `npx eventlings check --record FILE` to make one.'

function parseOne(value: unknown, name: string): Recording {
  const version = typeof value === 'object' && value !== null && 'v' in value ? value.v : undefined
  if (typeof version === 'number' && version !== 1) {
    throw new BadRecordingError(
      `${name} is a recording of version ${version}, and this eventlings reads only version 1. Use the eventlings that made it, or make the recording again.`,
    )
  }
  const parsed = recordingSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
    throw new BadRecordingError(
      `${name} isn't a recording${where}: ${issue?.message ?? 'unknown form'}. ${HOW_TO}`,
    )
  }
  assertSteps(parsed.data, name)
  return parsed.data
}

/** Steps have to fit each other, because a screen steps through them. */
function assertSteps({ before, steps }: Recording, name: string): void {
  let keys = keysOf(before)
  for (const [index, step] of steps.entries()) {
    try {
      if (step.n !== index + 1) throw new Error('its steps are not numbered from 1')
      keys = apply(keys, step)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new BadRecordingError(`${name} is damaged at step ${index + 1}: ${why}`)
    }
  }
}
