import type { CheckResult } from '../../check/index.ts'
import type { Turns } from '../../common/turns.ts'
import type { CheckSession } from '../../learner/check-session.ts'
import { keepLastRun, maySeeSolution, modelRun } from '../../learner/index.ts'
import type { Learner } from '../../learner/learner.ts'
import type { Recording } from '../../recording/index.ts'

export interface RecordingOptions {
  readonly learner: Learner
  readonly session: CheckSession
  /** Keeps checks and snippets apart. */
  readonly turns: Turns
  /** Right before anything that empties the database: a check, and its recording. */
  beforeEmptying?(): void
}

/** Records what the last check's test did. A run that didn't pass is kept for `explore`. */
export async function recordRun(
  of: CheckResult,
  { learner, session, turns, beforeEmptying }: RecordingOptions,
  signal: AbortSignal,
): Promise<Recording | undefined> {
  const recording = await turns.take(async () => {
    if (signal.aborted) return undefined
    beforeEmptying?.()
    return session.record({ of, signal })
  })
  if (signal.aborted || recording === undefined) return undefined
  if (!of.passed) keepLastRun(learner.home, recording)
  return recording
}

/** What the model solution does in the test of a recording, or a sentence that says why it isn't shown. */
export async function modelRunOf(
  recording: Recording,
  { learner, session, turns, beforeEmptying }: RecordingOptions,
): Promise<Recording | string> {
  if (!maySeeSolution(learner, recording.lesson))
    return "Once you've passed this lesson or seen its solution, you can see what the model solution does."
  return await turns.take(() => {
    beforeEmptying?.()
    return modelRun(learner, session, recording)
  })
}
