import { existsSync } from 'node:fs'
import type { CheckOptions, CheckResult } from '../check/index.ts'
import { Exit } from '../common/exit.ts'
import { self } from '../common/self.ts'
import { shownPath } from '../common/shown-path.ts'
import type { CheckSession } from './check-session.ts'
import { assertNoObstacle, recordCheck } from './index.ts'
import type { Learner } from './learner.ts'

/** There's no answer yet to check. */
export class NotStartedError extends Error {
  override readonly name = 'NotStartedError'
  readonly exitCode = Exit.wrongUse
  readonly lesson: string

  constructor(lesson: string, file: string) {
    const number = lesson.split('-')[0]
    super(
      `You have no answer yet, because ${shownPath(file)} doesn't exist. Start with: ${self} start ${number}`,
    )
    this.lesson = lesson
  }
}

/** Throws NotStartedError unless there's an answer. */
export function assertStarted({ home }: Pick<Learner, 'home'>, slug: string): void {
  const file = home.answer(slug)
  assertNoObstacle(home, slug)
  if (!existsSync(file)) throw new NotStartedError(slug, file)
}

/** Checks the learner's own file and records the verdict in the log. Throws NotStartedError. */
export async function checkOwnAnswer(
  learner: Learner,
  session: CheckSession,
  slug: string,
  options: CheckOptions = {},
): Promise<CheckResult> {
  assertStarted(learner, slug)
  const result = await session.check(slug, learner.home.target(slug), options)
  await recordCheck(learner, result)
  return result
}
