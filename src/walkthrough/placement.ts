import type { LessonSummary } from '../course/index.ts'
import { explanation, isRightChoice } from '../learner/quiz.ts'
import { openLessons, skipLessons } from '../learner/skip-lessons.ts'
import { COURSE } from '../progress/index.ts'
import { renderMarkdown } from '../terminal/index.ts'
import { type Asking, askQuestion } from './quiz.ts'

/** What a learner knew of one lesson. */
interface Placed {
  readonly lesson: LessonSummary
  readonly right: boolean
}

/** One wrong answer may be a slip of the finger, so it takes two to end the placement. */
const WRONG_ENOUGH = 2

/** Whether enough is known to say where to start. */
function isSettled(placed: readonly Placed[]): boolean {
  return placed.filter(({ right }) => !right).length >= WRONG_ENOUGH
}

/** The first lesson whose question was answered wrong; undefined for a learner who knew everything. */
function startingPoint(placed: readonly Placed[]): LessonSummary | undefined {
  return placed.find(({ right }) => !right)?.lesson
}

/**
 * One question from each lesson's quiz, starting at the first, until it's clear where to start; then offers to skip
 * the lessons before that. A learner who leaves early hasn't taken a placement.
 */
export async function askPlacement(walk: Asking): Promise<void> {
  const { learner, ui, palette } = walk
  const placed: Placed[] = []
  const rule =
    "One question from each lesson that you haven't done, until two answers are wrong. You start with the first lesson you got wrong."
  ui.print(await renderMarkdown(rule, { width: ui.width, palette }))
  const open = openLessons(learner, learner.course.lessons)
  if (open.length === 0) return ui.say("You've done all the lessons, so there's nothing left to ask.")
  for (const summary of open) {
    const { quiz } = await learner.course.lesson(summary.slug)
    // What a snippet prints can often be guessed; what the lesson is about can't.
    const question = quiz.find(({ before }) => before === undefined)
    if (question === undefined) continue
    const asked = { text: question.question, answers: question.answers }
    const chosen = await askQuestion(walk, asked, `${summary.number} · ${summary.title}`)
    if (chosen === 'leave') return ui.say('You left the placement quiz. Nothing was changed.')
    const right = isRightChoice(question, chosen)
    placed.push({ lesson: summary, right })
    ui.print(await renderMarkdown(explanation(question, chosen, right), { width: ui.width, palette }))
    if (isSettled(placed)) break
  }
  await conclude(walk, placed)
}

async function conclude({ learner, ui }: Asking, placed: readonly Placed[]): Promise<void> {
  const { lessons } = learner.course
  const start = startingPoint(placed) ?? openLessons(learner, lessons).at(-1)
  if (start === undefined) return
  const right = placed.filter((one) => one.right).length
  await learner.progress.record('PLACEMENT_TAKEN', COURSE, {
    right,
    questions: placed.length,
    startAt: start.slug,
  })
  ui.say(`${right} of ${placed.length} right. Start with ${start.number} · ${start.title}.`)
  const earlier = lessons.filter(({ number }) => Number(number) < Number(start.number))
  const before = openLessons(learner, earlier)
  const [first] = before
  if (first === undefined) return
  const last = before.at(-1) ?? first
  const [which, them] = first === last ? [first.number, 'it'] : [`${first.number} to ${last.number}`, 'them']
  if (!(await ui.confirm(`Mark ${which} as skipped? You can still do ${them} at any time.`))) return
  await skipLessons(learner, before, 'placement')
}
