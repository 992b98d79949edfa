import type { Recording } from '../../recording/index.ts'
import { gistOf } from '../gist.ts'
import type { TaskResult } from '../result.ts'
import type { Attempt } from './attempt.ts'

/** Which test to record. */
export interface RecordOptions {
  /** The name of a task; default: the first one that failed or, if all passed, the last one that ran. */
  readonly task?: string | undefined
  /** The title of a test in it; default: the one that failed or, of those that passed, the one that shows the most. */
  readonly test?: string | undefined
  /** Gives up; the result is undefined then. */
  readonly signal?: AbortSignal | undefined
}

const ENDED_DIFFERENTLY =
  'The test ended differently when it ran again to record what each command changed, so only the order of the commands is known.'
const NOT_RECORDED =
  "What each command changed couldn't be recorded, so only the order of the commands is known."

/** Runs one test of a finished attempt again, and records what each command changes. */
export async function recordAgain(
  first: Pick<Attempt, 'verdict' | 'recording' | 'again'>,
  { task: named, test: title, signal }: RecordOptions,
): Promise<Recording | undefined> {
  const { verdict, recording: order, again } = first
  const task = choose(verdict.tasks, named)
  if (task === undefined || again === undefined) return order
  // Without a command there's no change, and nothing to see in a second run.
  if (order !== undefined && order.task === task.task && order.steps.length === 0)
    return { ...order, depth: 'changes' }
  const test = title ?? task.test
  const only = { task: task.task, ...(test !== undefined && { test }) }
  const second = await again(only, signal).catch(() => undefined)
  if (signal?.aborted === true) return undefined
  const theirs = order?.task === task.task ? order : undefined
  if (second?.recording === undefined || second.disturbed !== undefined)
    return theirs && { ...theirs, note: NOT_RECORDED }
  const end = second.verdict.tasks.find((other) => other.task === task.task)
  if (!isSameEnd(task, end) || !isSameFailure(theirs, second.recording))
    return theirs && { ...theirs, note: ENDED_DIFFERENTLY }
  // As the verdict said it: IDs and times are different in every run.
  return { ...second.recording, ...(theirs?.failure && { failure: theirs.failure }) }
}

function choose(tasks: readonly TaskResult[], named: string | undefined): TaskResult | undefined {
  if (named !== undefined) return tasks.find(({ task }) => task === named)
  return (
    tasks.find(({ state, test }) => state === 'failed' && test !== undefined) ??
    tasks.findLast(({ state }) => state === 'passed')
  )
}

function isSameEnd(first: TaskResult, second: TaskResult | undefined): boolean {
  return first.state === second?.state && first.test === second.test
}

/** As far as it's known: only the first failure's diagnosis is recorded. */
function isSameFailure(first: Recording | undefined, second: Recording): boolean {
  return first === undefined || gistOf(first.failure?.diagnosis) === gistOf(second.failure?.diagnosis)
}
