import { framesOf } from './learners-frames.ts'
import { sentCommands } from './recorder/recording.ts'

/**
 * The stack in which to look for the place of an error. A Redis error is created where its reply is parsed, far from
 * the learner's file, but the refused command knows its line.
 */
export function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (framesOf(error.stack).length > 0) return error.stack
  return sentCommands().find((command) => command.error === error)?.origin.stack ?? error.stack
}
