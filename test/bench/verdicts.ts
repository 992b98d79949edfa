import { type CheckResult, openChecker } from '../../src/check/index.ts'
import type { Course } from '../../src/course/index.ts'
import { type RedisPreference, startRedis } from '../../src/redis/index.ts'
import type { KeptAnswer } from './answers.ts'

/** What must be the same wherever and however often an answer is checked. */
export interface Verdict {
  readonly passed: boolean
  readonly tasks: readonly string[]
  /** The sentence that a learner reads first. */
  readonly diagnosis: string
}

export interface VerdictOptions {
  readonly course: Course
  readonly redis?: RedisPreference
  /** Number of servers and processes side by side; default: 2, for two cores. */
  readonly parallel?: number
  /** Ends it early; answers that weren't checked have no verdict then. */
  readonly signal?: AbortSignal
  onResult?(answer: KeptAnswer, result: CheckResult): void
}

/** Checks all the answers and returns the verdicts by name. */
export async function verdictsOf(
  answers: readonly KeptAnswer[],
  options: VerdictOptions,
): Promise<ReadonlyMap<string, Verdict>> {
  const { course, redis: preference, parallel = 2, signal, onResult } = options
  const verdicts = new Map<string, Verdict>()
  const waiting = [...answers]
  await Promise.all(Array.from({ length: Math.min(parallel, answers.length) }, work))
  return verdicts

  async function work(): Promise<void> {
    const redis = await startRedis(preference)
    const checker = await openChecker({ course, redis, stayWarm: true })
    try {
      for (let answer = waiting.shift(); answer !== undefined; answer = waiting.shift()) {
        const result = await checker.check(answer.slug, { kind: 'file', path: answer.path })
        if (signal?.aborted === true) return // the server may have received the same Ctrl-C
        verdicts.set(answer.name, verdictOf(result))
        onResult?.(answer, result)
      }
    } finally {
      await checker.close()
      await redis.stop()
    }
  }
}

export function verdictOf(result: CheckResult): Verdict {
  return {
    passed: result.passed,
    tasks: result.tasks.map(({ task, state }) => `${task}: ${state}`),
    diagnosis: result.tasks.find(({ state }) => state === 'failed')?.diagnosis ?? result.diagnosis ?? '',
  }
}

/** One line about how two verdicts differ, or undefined. */
export function difference(a: Verdict | undefined, b: Verdict | undefined): string | undefined {
  if (a === undefined || b === undefined) return 'one of the two has no verdict'
  if (a.passed !== b.passed) return `${word(a)} and ${word(b)} («${a.diagnosis || b.diagnosis}»)`
  const states = a.tasks.find((task, index) => task !== b.tasks[index])
  if (states !== undefined) return `tasks: ${a.tasks.join(', ')} and ${b.tasks.join(', ')}`
  return a.diagnosis === b.diagnosis ? undefined : `«${a.diagnosis}» and «${b.diagnosis}»`
}

function word({ passed }: Verdict): string {
  return passed ? 'passed' : 'failed'
}
