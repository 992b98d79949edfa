import type { CheckResult } from '../check/index.ts'
import { shownPath } from '../common/shown-path.ts'
import type { Lesson } from '../course/index.ts'
import {
  changeNote,
  keepLastRun,
  keysInWords,
  LESSON_KEYS,
  type LessonAction,
  lastRunOf,
  maySeeSolution,
  resetLesson,
  revealHint,
} from '../learner/index.ts'
import { lastDiagnosis, taskAtHand } from '../learner/last-check.ts'
import { assertStarted, checkOwnAnswer } from '../learner/own-answer.ts'
import { isPassed } from '../progress/index.ts'
import { openQuestions } from '../snippets/predict.ts'
import { renderMarkdown } from '../terminal/index.ts'
import { renderCheck } from '../verdict/index.ts'
import { afterPass } from './after-pass.ts'
import { goTo } from './places.ts'
import { askQuiz } from './quiz.ts'
import { type ReadingEnd, rowsAboveMenu } from './ui.ts'
import type { Walk } from './walk.ts'
import { whereText } from './where.ts'

export type Action =
  | Exclude<LessonAction, 'list' | 'next' | 'previous'>
  | 'watch'
  | 'quiz'
  | 'explore'
  | 'others'
  | 'keys'

/** Resolves with how pages were left: a key on them may ask for something else. */
type Act = (walk: Walk, lesson: Lesson) => Promise<ReadingEnd>

/** The keys that only the menu has. */
export const MENU_KEYS = [
  { key: 'r', does: 'checks your answer' },
  { key: 'm', does: 'shows all of the verdict, page by page' },
  { key: 't', does: 'steps through what the last failing check did' },
  { key: 'o', does: "shows other right answers, once you've passed" },
  { key: '?', does: 'shows this list' },
  { key: 'q', does: 'goes back to the start' },
] as const

/** Shows errors that the learner can fix, and lets the loop continue. */
const tolerated: ReadonlySet<string> = new Set([
  'BrokenCheckError',
  'EditorError',
  'NotStartedError',
  'ObstacleError',
  'RedisGoneError',
  'RedisTroubleError',
  'RedisUnavailableError',
  'SandboxLostError',
  'UnwritableWorkspaceError',
])

function tolerant(act: (walk: Walk, lesson: Lesson) => Promise<unknown>): Act {
  return async (walk, lesson) => {
    try {
      await act(walk, lesson)
    } catch (error) {
      tolerate(walk, error)
    }
    return 'left'
  }
}

/** For what is shown on pages. */
function onPages(act: Act): Act {
  return async (walk, lesson) => {
    try {
      return await act(walk, lesson)
    } catch (error) {
      tolerate(walk, error)
      return 'left'
    }
  }
}

function tolerate({ ui }: Walk, error: unknown): void {
  if (!(error instanceof Error && tolerated.has(error.name))) throw error
  ui.say(error.message)
}

/** Resolves to the verdict; undefined if there's none. */
export async function checkAnswer(walk: Walk, lesson: Lesson): Promise<CheckResult | undefined> {
  let verdict: CheckResult | undefined
  await tolerant(async () => {
    const { learner, session, ui, palette } = walk
    assertStarted(learner, lesson.slug)
    ui.print(`Checking ${palette.unicode ? '…' : '...'}`)
    const { result, limits } = await ui.busy(async () => ({
      limits: (await session.open()).redis.limits,
      result: await checkOwnAnswer(learner, session, lesson.slug, { record: true }),
    }))
    verdict = result
    // Above the verdict, which has to stay in view.
    if (limits !== undefined) ui.say(limits)
    const next = result.passed ? 'Continue with the next lesson.' : 'Fix it, or take a hint, and check again.'
    const rows = rowsAboveMenu(ui.height)
    const view = { width: ui.width, palette, sideBySide: true, title: lesson.title }
    ui.print(
      renderCheck(result, { ...view, next, rows, more: 'm', stepThrough: 'Press t to step through it.' }),
    )
    if (!result.passed) keepRun(walk, result)
    else {
      const leadsTo = { others: '`o` shows them.', next: () => '`n` goes there.' }
      const text = await afterPass(learner, lesson, leadsTo)
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
  { ui, palette }: Walk,
  { title }: Lesson,
  result: CheckResult | undefined,
): Promise<ReadingEnd> {
  if (result === undefined) {
    ui.say("There's no verdict right now. r checks your answer.")
    return 'left'
  }
  const view = { palette, sideBySide: true, verbose: true, title, next: 'q goes back to the menu' }
  return await ui.read(async (width) => [{ text: renderCheck(result, { ...view, width }), fills: true }], {
    hasKeys: true,
  })
}

/** Everything else that can be done in a lesson without leaving it. */
export const actions: Readonly<Record<Action, Act>> = {
  watch: tolerant((walk, lesson) => walk.watch(lesson.slug)),

  hint: tolerant(async (walk, lesson) => {
    const { learner, ui, palette } = walk
    const atHand = taskAtHand(learner, lesson)
    if (atHand === undefined)
      return ui.say('Every task passed in the last check, so there are no hints to show.')
    const hint = await revealHint(learner, lesson, {
      firstFailing: atHand.name,
      diagnosis: lastDiagnosis(learner, lesson),
    })
    const task = `task ${hint.taskNumber}, ${hint.task}`
    const width = ui.width
    if (hint.kind === 'no more') {
      const end = `You've seen all the hints for ${task}; \`s\` shows the solution. Here are the hints again:`
      for (const text of [end, ...hint.earlier]) ui.print(await renderMarkdown(text, { width, palette }))
      return
    }
    ui.print(palette.paint(`Hint ${hint.step} of ${hint.of} for ${task}`, 'bold'))
    ui.print(await renderMarkdown(hint.text, { width, palette }))
  }),

  explore: tolerant(async (walk, { slug }) => {
    const { learner, ui, palette } = walk
    const { recording } = walk
    if (recording !== undefined) {
      ui.print(`One moment ${palette.unicode ? '…' : '...'}`) // it takes as long as the test does
      await ui.busy(() => recording)
    }
    const run = await lastRunOf(learner.home, slug)
    if (typeof run === 'string') return ui.say(run)
    await walk.explore(run)
  }),

  editor: tolerant(({ learner, edit }, lesson) => edit(learner.home.answer(lesson.slug))),

  read: onPages((walk, lesson) => goTo(walk, lesson, 'read')),

  task: onPages(async (walk, lesson) => {
    const task = taskAtHand(walk.learner, lesson) ?? lesson.tasks[0]
    return task === undefined ? 'left' : await printOrRead(walk, task.text)
  }),

  where: onPages(async (walk, lesson) => printOrRead(walk, await whereText(walk, lesson))),

  keys: onPages((walk) => keysPage(walk, [...LESSON_KEYS, ...MENU_KEYS])),

  quiz: tolerant(async (walk, lesson) => {
    // A learner who asks for the quiz isn't told that no questions are left.
    const open = openQuestions(lesson, walk.learner.progress.overview().lesson(lesson.slug))
    await askQuiz(walk, lesson, open.length === 0 ? lesson.quiz : open)
  }),

  solution: onPages(async (walk, lesson) => {
    return (await mayReveal(walk, lesson)) ? await goTo(walk, lesson, 'solution') : 'left'
  }),

  diff: onPages(async (walk, lesson) => {
    assertStarted(walk.learner, lesson.slug)
    if (!(await mayReveal(walk, lesson))) return 'left'
    const end = await goTo(walk, lesson, 'diff')
    await printChange(walk, lesson)
    return end
  }),

  others: onPages(async (walk, lesson) => {
    if (isPassed(walk.learner.progress.overview().lesson(lesson.slug))) return goTo(walk, lesson, 'others')
    walk.ui.say('Pass first, then o shows other ways to do it.')
    return 'left'
  }),

  console: tolerant((walk, lesson) => walk.console(lesson.slug)),

  reset: tolerant(async ({ learner, ui }, lesson) => {
    // From the start, it isn't in view which lesson that is.
    const name = `${lesson.number} · ${lesson.title}`
    if (!(await ui.confirm(`Start over with ${name}? Your file is kept under a dated name.`))) return
    const { keptAs } = await resetLesson(learner, lesson.slug, new Date())
    ui.say(`Started over.${keptAs === undefined ? '' : ` Your old answer is ${shownPath(keptAs)}.`}`)
  }),
}

/** Lines that the menu needs below text. */
const MENU_LINES = 10

/** All keys of a menu. There are too many to show above it. */
export function keysPage(
  { ui, palette }: Walk,
  keys: Parameters<typeof keysInWords>[0],
): Promise<ReadingEnd> {
  const markdown = `# Keys\n\n${keysInWords(keys)}`
  return ui.read(async (width) => [{ text: await renderMarkdown(markdown, { width, palette }) }], {
    hasKeys: true,
  })
}

/** Shows text above the menu, or on pages of its own if the menu would push its beginning out of view. */
async function printOrRead(
  { ui, palette }: Walk,
  markdown: Parameters<typeof renderMarkdown>[0],
): Promise<ReadingEnd> {
  const text = await renderMarkdown(markdown, { width: ui.width, palette })
  if (text.split('\n').length + MENU_LINES > ui.height) {
    const render = async (width: number) => [{ text: await renderMarkdown(markdown, { width, palette }) }]
    return await ui.read(render, { hasKeys: true })
  }
  ui.print(text)
  return 'left'
}

async function printChange({ learner, ui }: Walk, lesson: Lesson): Promise<void> {
  const note = await changeNote(learner, [lesson])
  if (note !== undefined) ui.say(note)
}

async function mayReveal({ learner, ui }: Walk, { slug }: Lesson): Promise<boolean> {
  if (maySeeSolution(learner, slug)) return true
  return ui.confirm('Show the solution? A pass after this counts as "passed after the solution."')
}
