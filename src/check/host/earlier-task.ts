import type { TaskResult } from '../result.ts'

interface Builds {
  readonly name: string
  readonly buildsOn: readonly string[]
}

/**
 * Where a task fails and a task it builds on fails too, the second failure can't show whether the task has a mistake
 * of its own, and its sentence would often name a false cause. So it points to the first of those earlier tasks
 * instead, and shows its own diagnosis as soon as they pass. What ended the run, in the task `endedIn`, is a fact and
 * stays.
 */
export function pointingToCauses(
  results: readonly TaskResult[],
  tasks: readonly Builds[],
  endedIn: string | undefined,
): readonly TaskResult[] {
  const failed = new Set(results.filter(({ state }) => state === 'failed').map(({ task }) => task))
  return results.map((result) => {
    if (!failed.has(result.task) || result.task === endedIn || isCertain(result)) return result
    const needed = allBelow(result.task, tasks)
    const position = tasks.findIndex(({ name }) => needed.has(name) && failed.has(name))
    const cause = tasks[position]
    if (cause === undefined) return result
    return {
      task: result.task,
      state: 'failed',
      ...(result.test !== undefined && { test: result.test }),
      diagnosis: `This task builds on task ${position + 1} (${cause.name}), which fails above. Fix that first.`,
      commands: [],
    }
  })
}

/** True of the task itself, whatever the earlier ones do. */
function isCertain({ diagnosis = '' }: TaskResult): boolean {
  return / isn't written yet\b/.test(diagnosis)
}

/** The tasks that this one builds on, and those that they build on. */
function allBelow(name: string, tasks: readonly Builds[]): ReadonlySet<string> {
  const direct = tasks.find((task) => task.name === name)?.buildsOn ?? []
  return new Set(direct.flatMap((below) => [below, ...allBelow(below, tasks)]))
}
