import { shownPath } from '../common/shown-path.ts'
import type { Lesson } from '../course/index.ts'
import {
  keysInWords,
  LESSON_KEYS,
  type LessonAction,
  lastRunOf,
  maySeeSolution,
  noHintHere,
  resetLesson,
  revealHint,
  spoilerQuestion,
} from '../learner/index.ts'
import { lastDiagnosis, taskAtHand } from '../learner/last-check.ts'
import { assertStarted } from '../learner/own-answer.ts'
import { isPassed } from '../progress/index.ts'
import { openQuestions } from '../snippets/predict.ts'
import { renderMarkdown } from '../terminal/index.ts'
import { printChange } from './check-answer.ts'
import { goTo } from './places.ts'
import { askQuiz } from './quiz.ts'
import { type Act, onPages, tolerant } from './tolerant.ts'
import type { ReadingEnd } from './ui.ts'
import type { Walk } from './walk.ts'
import { whereText } from './where.ts'

export type Action =
  | Exclude<LessonAction, 'list' | 'next' | 'previous'>
  | 'quiz'
  | 'explore'
  | 'others'
  | 'keys'

/** The keys that only the menu has. */
export const MENU_KEYS = [
  { key: 'r', does: 'checks your answer' },
  { key: 'm', does: 'shows the whole verdict, page by page' },
  { key: 't', does: 'steps through what the last failing check did' },
  { key: 'o', does: "shows other right answers, once you've passed" },
  { key: '?', does: 'shows this list' },
  { key: 'q', does: 'goes back to the start' },
] as const

/** What can be done in a lesson without leaving it, apart from a check. */
export const actions: Readonly<Record<Action, Act>> = {
  hint: tolerant(async (walk, lesson) => {
    const { learner, ui, palette } = walk
    const atHand = taskAtHand(learner, lesson)
    if (atHand === undefined)
      return ui.say('Every task passed in the last check, so there are no hints to show.')
    const diagnosis = lastDiagnosis(learner, lesson)
    const elsewhere = noHintHere(diagnosis)
    if (elsewhere !== undefined) return ui.say(elsewhere)
    const hint = await revealHint(learner, lesson, { firstFailing: atHand.name, diagnosis })
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
    return (await mayReveal(walk, lesson, 'solution')) ? await goTo(walk, lesson, 'solution') : 'left'
  }),

  diff: onPages(async (walk, lesson) => {
    assertStarted(walk.learner, lesson.slug)
    if (!(await mayReveal(walk, lesson, 'diff'))) return 'left'
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

async function mayReveal(
  { learner, ui }: Walk,
  { slug }: Lesson,
  by: Parameters<typeof spoilerQuestion>[0],
): Promise<boolean> {
  if (maySeeSolution(learner, slug)) return true
  return ui.confirm(spoilerQuestion(by))
}
