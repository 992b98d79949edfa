import type { CheckResult } from '../check/index.ts'
import type { Lesson } from '../course/index.ts'
import { changeNote, keepLastRun } from '../learner/index.ts'
import { assertStarted, checkOwnAnswer } from '../learner/own-answer.ts'
import { renderMarkdown } from '../terminal/index.ts'
import { renderCheck } from '../verdict/index.ts'
import { afterPass } from './after-pass.ts'
import { tolerant } from './tolerant.ts'
import { type ReadingEnd, rowsAboveMenu } from './ui.ts'
import type { Walk } from './walk.ts'

/** Resolves to the verdict; undefined if there's none. */
export async function checkAnswer(walk: Walk, lesson: Lesson): Promise<CheckResult | undefined> {
  let verdict: CheckResult | undefined
  await tolerant(async () => {
    const { learner, session, ui, palette } = walk
    assertStarted(learner, lesson.slug)
    ui.print(`Checking ${palette.unicode ? '…' : '...'}`)
    const { result, redis } = await ui.busy(async () => ({
      redis: (await session.open()).redis,
      result: await checkOwnAnswer(learner, session, lesson.slug, { record: true }),
    }))
    verdict = result
    // Above the verdict, which has to stay in view.
    if (redis.limits !== undefined) ui.say(redis.limits)
    const next = result.passed ? 'Continue with the next lesson.' : 'Fix it, or get a hint, and check again.'
    const rows = rowsAboveMenu(ui.height)
    const view = { width: ui.width, palette, sideBySide: true, title: lesson.title, redis: redis.description }
    ui.print(
      renderCheck(result, { ...view, next, rows, more: 'm', stepThrough: 'Press t to step through it.' }),
    )
    if (!result.passed) keepRun(walk, result)
    else {
      const text = await afterPass(learner, lesson, {
        others: '`o` shows them.',
        next: () => '`n` goes there.',
        mine: walk.isOnOwn
          ? 'already'
          : () => 'leave, and start again with `--mine`, or set EVENTLINGS_MINE=1.',
      })
      ui.print(await renderMarkdown(text, { width: ui.width, palette }))
    }
    await printChange(walk, lesson)
  })(walk, lesson)
  return verdict
}

/** Records what the check that just failed did. Not awaited: the next check ends it. */
function keepRun(walk: Walk, of: CheckResult): void {
  const { learner, session } = walk
  const recording = session
    .record({ of })
    .then((run) => run && keepLastRun(learner.home, run))
    .finally(() => {
      if (walk.recording === recording) walk.recording = undefined
    })
  walk.recording = recording
}

/** The whole verdict, on pages. */
export async function showVerdict(
  { session, ui, palette }: Walk,
  { title }: Lesson,
  result: CheckResult | undefined,
): Promise<ReadingEnd> {
  if (result === undefined) {
    ui.say("There's no verdict right now. r checks your answer.")
    return 'left'
  }
  const redis = (await session.open()).redis.description
  const view = { palette, sideBySide: true, verbose: true, title, redis, next: 'q goes back to the menu' }
  return await ui.read(async (width) => [{ text: renderCheck(result, { ...view, width }), fills: true }], {
    hasKeys: true,
  })
}

/** Tells the learner that the lesson has changed since they began or passed it, if it has. */
export async function printChange({ learner, ui }: Walk, lesson: Lesson): Promise<void> {
  const note = await changeNote(learner, [lesson])
  if (note !== undefined) ui.say(note)
}
