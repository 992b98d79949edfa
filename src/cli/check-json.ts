import type { CheckResult } from '../check/index.ts'

/** `check --json`. What there is not is null, so that every field is always there. */
export function asJson(result: CheckResult) {
  const { lesson, target, passed, skipped, diagnosis, at, redis, tasks, output, notes, ms } = result
  return {
    lesson,
    target,
    passed,
    skipped,
    diagnosis: diagnosis ?? null,
    at: at ?? null,
    redis,
    tasks: tasks.map((task) => ({
      task: task.task,
      state: task.state,
      diagnosis: task.diagnosis ?? null,
      expected: task.expected ?? null,
      received: task.received ?? null,
      at: task.at ?? null,
      commands: task.commands,
      ...(task.leftOut && { leftOut: task.leftOut }),
      ...(task.reason !== undefined && { reason: task.reason }),
    })),
    output,
    notes,
    ms,
  }
}
