import type { CheckResult } from './result.ts'
import type { JsonResult } from './result-schema.ts'

/** What `check --json` and `watch --json` print. Missing values are null, so every field always exists. */
export function resultAsJson(result: CheckResult): JsonResult {
  const { lesson, target, passed, skipped, diagnosis, at, redis, tasks, output, notes, ms } = result
  return {
    lesson,
    target,
    passed,
    skipped,
    diagnosis: diagnosis ?? null,
    at: at ?? null,
    redis: { kind: redis.kind, version: redis.version },
    tasks: tasks.map((task) => ({
      task: task.task,
      state: task.state,
      test: task.test ?? null,
      diagnosis: task.diagnosis ?? null,
      expected: task.expected ?? null,
      received: task.received ?? null,
      at: task.at ?? null,
      commands: task.commands.map((command) => ({ ...command })),
      ...(task.leftOut && { leftOut: task.leftOut }),
      ...(task.reason !== undefined && { reason: task.reason }),
    })),
    output,
    notes: [...notes],
    ms,
  }
}
