import type { CheckResult } from '../check/index.ts'
import { capitalize } from '../common/capitalize.ts'
import { shownPath } from '../common/shown-path.ts'
import type { Lesson, LessonSummary } from '../course/index.ts'
import { LESSON_KEYS, ObstacleError, openLesson, UnwritableWorkspaceError } from '../learner/index.ts'
import { type Learner, lessonAfter, lessonBefore } from '../learner/learner.ts'
import { isKnown, isOwnCheck, isUnbegun } from '../progress/index.ts'
import { openQuestions } from '../snippets/predict.ts'
import { summaryOf } from '../verdict/index.ts'
import { checkAnswer, showVerdict } from './check-answer.ts'
import { chooseLesson } from './choose-lesson.ts'
import { type Action, actions } from './lesson-actions.ts'
import { goTo } from './places.ts'
import { askQuiz } from './quiz.ts'
import { tolerant } from './tolerant.ts'
import type { Choice, ReadingEnd } from './ui.ts'
import type { Walk } from './walk.ts'

type Way = 'next' | 'previous' | 'list' | 'home'
type Wish = Action | Way | 'check' | 'more' | 'watch'

/** The lesson to continue with, and what the learner has already asked for there. */
export interface Onward {
  readonly to: LessonSummary
  readonly first?: ReadingEnd
}

/**
 * One lesson: its text, its quiz, and then checks, hints and the rest. Returns the lesson to continue with, if any.
 * `first` is what the learner has already asked for.
 */
export async function walkLesson(
  walk: Walk,
  summary: LessonSummary,
  first?: ReadingEnd,
): Promise<Onward | undefined> {
  const { learner, ui } = walk
  const lesson = await learner.course.lesson(summary.slug)
  const before = learner.progress.overview().lesson(lesson.slug)
  const isUnread = before.readAt === undefined && !hasBegun(learner, lesson.slug)
  const start = once(async () => {
    try {
      return whereItIs(await openLesson(learner, lesson.slug))
    } catch (error) {
      if (!(error instanceof UnwritableWorkspaceError || error instanceof ObstacleError)) throw error
      return `${error.message} Until then you can only read.`
    }
  })
  const end = first ?? (isUnread ? await readFirst(walk, lesson, start) : 'left')
  return await loop(
    walk,
    lesson,
    end,
    once(async () => ui.say(await start())),
  )
}

function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let done: Promise<Result> | undefined
  return () => {
    done ??= work()
    return done
  }
}

/** Opening a lesson doesn't begin it, even in watch, which checks the starter at once. */
function hasBegun({ progress }: Learner, slug: string): boolean {
  const events = progress.since(0).filter(isKnown)
  return events.some((event) => event.entityId === slug && isOwnCheck(event) && !isUnbegun(event))
}

function whereItIs({ file, isNew }: { readonly file: string; readonly isNew: boolean }): string {
  return `Your file for this lesson${isNew ? ' is ready' : ''}: ${shownPath(file)}`
}

/** Looking at the first page doesn't start the lesson; `start` is called for a reader who turns it. */
async function readFirst(walk: Walk, lesson: Lesson, start: () => Promise<unknown>): Promise<ReadingEnd> {
  const end = await goTo(walk, lesson, 'read', { onTurned: start })
  const questions = openQuestions(lesson, walk.learner.progress.overview().lesson(lesson.slug))
  if (end !== 'end' || questions.length === 0) return end
  const howMany = questions.length === 1 ? 'a question' : `${questions.length} questions`
  const wants = await walk.ui.choose(`Answer ${howMany} about what you read?`, [
    { name: 'Yes', value: true },
    { name: 'Not now', value: false, key: 'q' },
  ])
  if (wants) await askQuiz(walk, lesson, questions)
  return 'end'
}

/**
 * Until the learner leaves the lesson; returns the one that they go to. `arrive` starts this one, unless they only pass
 * through it.
 */
async function loop(
  walk: Walk,
  lesson: Lesson,
  end: ReadingEnd,
  arrive: () => Promise<void>,
): Promise<Onward | undefined> {
  const { learner, ui } = walk
  let hasJustPassed = false
  let verdict: CheckResult | undefined
  let asked = wishOf(end)
  for (;;) {
    // What a pass means may have pushed the verdict out of view.
    const passed = hasJustPassed && verdict !== undefined ? ` · ${summaryOf(verdict.tasks)}` : ''
    const title: string = `${lesson.number} · ${lesson.title}${passed}`
    // Enter, Enter, Enter: after a hint or an edit comes a check, after a pass the next lesson.
    const preselected: Wish = hasJustPassed ? 'next' : 'check'
    if (asked === undefined || !isWay(asked)) await arrive()
    const wish: Wish = asked ?? (await ui.choose<Wish>(title, choices(walk, lesson), preselected))
    asked = undefined
    switch (wish) {
      case 'home':
        return undefined
      case 'next':
      case 'previous': {
        const to = wish === 'next' ? lessonAfter(learner, lesson) : lessonBefore(learner, lesson)
        if (to !== undefined) return { to }
        ui.say(wish === 'next' ? 'This is the last lesson.' : 'This is the first lesson.')
        break
      }
      case 'list': {
        const to = await chooseLesson(walk, lesson)
        if (to !== undefined && to.slug !== lesson.slug) return { to }
        break
      }
      case 'watch': {
        const to = await watch(walk, lesson)
        // They've been at that lesson's screen, so its menu comes next, read or not.
        if (to !== undefined && to.slug !== lesson.slug) return { to, first: 'left' }
        verdict = undefined // watch has had newer ones
        break
      }
      case 'check':
        verdict = await checkAnswer(walk, lesson)
        hasJustPassed = verdict?.passed === true
        continue
      case 'more':
        asked = wishOf(await showVerdict(walk, lesson, verdict))
        break
      default: {
        const resets = () => learner.progress.overview().lesson(lesson.slug).resets
        const before = resets()
        asked = wishOf(await actions[wish](walk, lesson))
        if (resets() > before) verdict = undefined
      }
    }
    hasJustPassed = false
  }
}

/** The watch screen leads to other lessons, so this resolves to the one where the learner left it. */
async function watch(walk: Walk, lesson: Lesson): Promise<LessonSummary | undefined> {
  let left: string | undefined
  await tolerant(async () => {
    left = await walk.watch(lesson.slug)
  })(walk, lesson)
  return walk.learner.course.lessons.find(({ slug }) => slug === left)
}

function isWay(wish: Wish): wish is Way {
  return ['next', 'previous', 'list', 'home'].includes(wish)
}

function wishOf(end: ReadingEnd): Wish | undefined {
  return end === 'end' || end === 'left' ? undefined : end
}

function choices(walk: Walk, lesson: Lesson): readonly Choice<Wish>[] {
  const keyOf = (wish: Wish) => LESSON_KEYS.find(({ action }) => action === wish)?.key
  const shown: readonly Choice<Wish>[] = [
    { name: 'Check my answer', value: 'check', key: 'r' },
    { name: 'Check whenever I save (watch)', value: 'watch' },
    { name: 'Hint', value: 'hint' },
    { name: 'Open in my editor', value: 'editor' },
    { name: 'Show the task', value: 'task' },
    { name: 'Read the lesson', value: 'read' },
    ...(lesson.quiz.length === 0 ? [] : [{ name: 'Quiz', value: 'quiz' as const }]),
    { name: 'Solution', value: 'solution' },
    { name: 'Compare with the solution', value: 'diff' },
    { name: "Console, with the lesson's data", value: 'console' },
    ...(lessonAfter(walk.learner, lesson) === undefined
      ? []
      : [{ name: 'Next lesson', value: 'next' as const }]),
    { name: 'Back to the start; ? shows all keys', short: 'Back to the start', value: 'home', key: 'q' },
  ]
  const hidden: readonly Choice<Wish>[] = [
    ...LESSON_KEYS.filter(({ action }) => !shown.some(({ value }) => value === action)).map(
      ({ key, action, label }) => ({ name: capitalize(label), value: action, key, isHidden: true }),
    ),
    { name: 'The whole verdict', value: 'more', key: 'm', isHidden: true },
    { name: 'Step through', value: 'explore', key: 't', isHidden: true },
    { name: 'Other ways', value: 'others', key: 'o', isHidden: true },
    { name: 'Keys', short: '', value: 'keys', key: '?', isHidden: true },
  ]
  return [
    ...shown.map((choice) => {
      const key = choice.key ?? keyOf(choice.value)
      return key === undefined ? choice : { ...choice, key }
    }),
    ...hidden,
  ]
}
