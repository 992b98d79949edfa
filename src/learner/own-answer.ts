import { existsSync } from 'node:fs'
import type { CheckOptions, CheckResult } from '../check/index.ts'
import type { CheckSession } from './check-session.ts'
import { assertNoObstacle, recordCheck } from './index.ts'
import { type Desk, shownPath } from './learner.ts'

/** There's no answer yet to check. */
export class NotStartedError extends Error {
  override readonly name = 'NotStartedError'
  readonly exitCode = 2
  readonly lesson: string

  constructor(lesson: string, file: string) {
    const number = lesson.split('-')[0]
    super(
      `There's no answer to check yet, because ${shownPath(file)} doesn't exist. Start with: npx eventlings start ${number}`,
    )
    this.lesson = lesson
  }
}

/** Throws NotStartedError unless there's an answer. */
export function assertStarted({ home }: Pick<Desk, 'home'>, slug: string): void {
  const file = home.answer(slug)
  assertNoObstacle(home, slug)
  if (!existsSync(file)) throw new NotStartedError(slug, file)
}

/** Checks the learner's own file and records the verdict in the log. Throws NotStartedError. */
export async function checkOwnAnswer(
  desk: Desk,
  session: CheckSession,
  slug: string,
  options: CheckOptions = {},
): Promise<CheckResult> {
  assertStarted(desk, slug)
  const result = { ...(await session.check(slug, desk.home.target(slug), options)), target: 'workspace' }
  await recordCheck(desk, result)
  return result
}
