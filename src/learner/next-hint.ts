import { lessonBlamedBy } from '../check/built-on.ts'
import type { CheckResult } from '../check/index.ts'
import type { Lesson, Task } from '../course/index.ts'
import type { LessonProgress } from '../progress/index.ts'

export type NextHint =
  | {
      readonly kind: 'hint'
      readonly task: string
      readonly taskNumber: number
      readonly step: number
      readonly of: number
      /** As Markdown. If it comes out of order, it says so. */
      readonly text: string
      /** Whether this is the only one that's left. */
      readonly isLast: boolean
      /** The hints of this task that were shown before. */
      readonly earlier: readonly string[]
    }
  | {
      readonly kind: 'no more'
      readonly task: string
      readonly taskNumber: number
      readonly earlier: readonly string[]
    }

export interface HintWish {
  /** The task that the learner named. */
  readonly taskNumber?: number
  /** The first task that didn't pass, and why. */
  readonly firstFailing?: string
  readonly diagnosis?: string | undefined
}

/** Asks for a hint for the first task that didn't pass. */
export function wishAfter(result: Pick<CheckResult, 'tasks' | 'diagnosis'> | undefined): HintWish {
  const stuck = result?.tasks.find(({ state }) => state === 'failed' || state === 'not reached')
  return stuck === undefined
    ? {}
    : { firstFailing: stuck.task, diagnosis: stuck.diagnosis ?? result?.diagnosis }
}

/** What to say in place of a hint if the bug is in the learner's own answer to an earlier lesson. */
export function noHintHere(diagnosis: string | undefined): string | undefined {
  const slug = lessonBlamedBy(diagnosis)
  if (slug === undefined) return undefined
  return `The bug is in your ${slug}.ts, so the hints of this lesson don't help. Check lesson ${slug.split('-')[0]}, which has its own hints.`
}

/**
 * The next hint for a task: the requested one, else the first that didn't pass, else the first with hints left. It's
 * the first that fits the diagnosis, else the one after the hint that was shown last.
 */
export function nextHint(lesson: Lesson, progress: LessonProgress, wish: HintWish = {}): NextHint {
  const shown = (number: number) => progress.hintSteps[number] ?? []
  const task =
    lesson.tasks.find(({ number }) => number === wish.taskNumber) ??
    lesson.tasks.find(({ name }) => name === wish.firstFailing) ??
    lesson.tasks.find(({ number, hints }) => shown(number).length < hints.length) ??
    lesson.tasks[0]
  if (task === undefined) throw new Error(`${lesson.slug} has no tasks.`)
  const steps = shown(task.number)
  const earlier = task.hints.filter((_, index) => steps.includes(index + 1))
  const about = { task: task.name, taskNumber: task.number, earlier }
  const diagnosis = task.name === wish.firstFailing ? (wish.diagnosis ?? '') : ''
  const left = task.hints.map((_, index) => index + 1).filter((step) => !steps.includes(step))
  const usual = left.find((one) => one > (steps.at(-1) ?? 0)) ?? left[0]
  const fitting = left.find((one) => fits(task, one, diagnosis))
  const step = fitting ?? usual
  const text = step === undefined ? undefined : task.hints[step - 1]
  if (step === undefined || text === undefined) return { kind: 'no more', ...about }
  // Without it, a learner who sees hint 2 first looks for the one that they missed.
  const note =
    fitting !== undefined && usual !== undefined && fitting > usual
      ? `\n\n*It fits what failed, so it comes before hint ${usual}.*`
      : ''
  return {
    kind: 'hint',
    ...about,
    step,
    of: task.hints.length,
    text: `${text}${note}`,
    isLast: left.length === 1,
  }
}

function fits({ helps }: Task, step: number, diagnosis: string): boolean {
  const said = plain(diagnosis)
  return (helps[step - 1] ?? []).some((words) => said.includes(plain(words)))
}

/** Neither line breaks nor the kind of apostrophe count. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll('’', "'").replace(/\s+/g, ' ')
}
