import { commonJsHabit, missingInPackage } from '../es-module.ts'
import { lastCalled } from '../kit/call.ts'
import { sentCommands } from '../kit/recorder/recording.ts'
import { callInCode } from '../kit/show.ts'
import { DiagnosisError } from '../kit/verify.ts'
import type { Failure } from '../protocol.ts'
import { definitionOf, placeIn } from './source-location.ts'
import { textOf } from './text-of.ts'

/** Where an answer's text is, for failures whose stack doesn't say. */
interface AnswerText {
  readonly answer: string
  readonly answerText: string
}

/** What a learner reads about an error that a test ended with. */
export function describeFailure(error: unknown, { answer, answerText }: AnswerText): Failure {
  const known = error instanceof DiagnosisError ? error : undefined
  const place =
    placeIn(known?.guestStack) ??
    (known === undefined ? placeIn(textIn(error, 'stack')) : undefined) ??
    lastLine() ??
    defined(answer, answerText)
  if (known !== undefined) {
    const { diagnosis, expectedText, receivedText } = known
    return { diagnosis, expected: expectedText, received: receivedText, ...place }
  }
  const called = lastCalled()
  const name = textIn(error, 'name') ?? 'an error'
  return {
    diagnosis: `${called === '' ? 'The task' : callInCode(called)} failed with ${name}: ${textIn(error, 'message') ?? textOf(error)}`,
    ...place,
  }
}

/** An answer may throw anything, even an object whose properties throw. */
function textIn(error: unknown, key: 'name' | 'message' | 'stack'): string | undefined {
  try {
    const value: unknown = (error as Partial<Record<string, unknown>> | null | undefined)?.[key]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

/** Why the answer's file can't be loaded. */
export function notLoaded(error: unknown): Failure {
  const message = textIn(error, 'message') ?? textOf(error)
  const diagnosis =
    commonJsHabit(message) ??
    missingInPackage(message) ??
    `Your file couldn't be loaded because it threw ${textIn(error, 'name') ?? 'Error'}: ${message.replace(/\.$/, '')}. Code outside functions runs as soon as the file is imported.`
  return { diagnosis, ...placeIn(textIn(error, 'stack')) }
}

function lastLine() {
  return sentCommands()
    .map((command) => placeIn(command.origin.stack))
    .findLast((place) => place !== undefined)
}

function defined(answer: string, text: string) {
  const line = definitionOf(lastCalled(), text)
  return line === undefined ? undefined : { file: answer, line }
}
