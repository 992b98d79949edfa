import type { Lesson } from '../course/index.ts'
import type { LessonProgress } from '../progress/index.ts'

export type NextHint =
  | {
      readonly kind: 'hint'
      readonly task: string
      readonly taskNumber: number
      readonly step: number
      readonly of: number
      readonly text: string
      /** The hints of this task that were shown before. */
      readonly earlier: readonly string[]
    }
  | {
      readonly kind: 'no more'
      readonly task: string
      readonly taskNumber: number
      readonly earlier: readonly string[]
    }

/** The next hint for a task: the requested one, else the first that didn't pass, else the first with hints left. */
export function nextHint(
  lesson: Lesson,
  progress: LessonProgress,
  options: { readonly taskNumber?: number; readonly firstFailing?: string } = {},
): NextHint {
  const shown = (number: number) => progress.hints[number] ?? 0
  const task =
    lesson.tasks.find(({ number }) => number === options.taskNumber) ??
    lesson.tasks.find(({ name }) => name === options.firstFailing) ??
    lesson.tasks.find(({ number, hints }) => shown(number) < hints.length) ??
    lesson.tasks[0]
  if (task === undefined) throw new Error(`${lesson.slug} has no tasks.`)
  const step = shown(task.number) + 1
  const text = task.hints[step - 1]
  const earlier = task.hints.slice(0, step - 1)
  const about = { task: task.name, taskNumber: task.number, earlier }
  if (text === undefined) return { kind: 'no more', ...about }
  return { kind: 'hint', ...about, step, of: task.hints.length, text }
}
