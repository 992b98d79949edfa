import { Exit, UsageError } from '../../common/exit.ts'
import type { Lesson } from '../../course/index.ts'
import { noHintHere, revealHint } from '../../learner/index.ts'
import { lastDiagnosis, taskAtHand } from '../../learner/last-check.ts'
import { defineCommand, self } from '../command.ts'
import { wholeNumber } from '../flags.ts'
import { resolveLesson } from '../resolve-lesson.ts'

export const command = defineCommand({
  flags: {
    task: wholeNumber('the task; default: the first one that fails'),
  },
  examples: [
    ['hint', 'another hint each time'],
    ['hint 07 --task 2', 'for the second task'],
  ],
  run: async (context, [named], flags) => {
    const learner = await context.learner()
    const { slug, number } = resolveLesson(learner, named, 'hint')
    const lesson = await learner.course.lesson(slug)
    const wanted = flags.task
    if (wanted !== undefined) assertTask(lesson, wanted)
    const atHand = taskAtHand(learner, lesson)
    if (wanted === undefined && atHand === undefined) {
      context.print(`Every task of lesson ${number} passed in the last check, so there are no hints to show.`)
      context.print(`For a hint anyway: ${self} hint ${number} --task 1`)
      return Exit.passed
    }
    const diagnosis = lastDiagnosis(learner, lesson)
    const elsewhere = noHintHere(diagnosis)
    if (wanted === undefined && elsewhere !== undefined) {
      context.print(elsewhere)
      return Exit.passed
    }
    const hint = await revealHint(learner, lesson, {
      ...(wanted !== undefined && { taskNumber: wanted }),
      ...(atHand !== undefined && { firstFailing: atHand.name, diagnosis }),
    })
    const { renderMarkdown } = await import('../../terminal/index.ts')
    const { palette, width } = context
    const markdown = (text: string) => renderMarkdown(text, { width, palette })
    const task = `task ${hint.taskNumber}, ${hint.task}`
    if (hint.kind === 'no more') {
      context.print(palette.paint(`All ${hint.earlier.length} hints for ${task}`, 'bold'))
      context.print(`\n${await markdown(numbered(hint.earlier))}\n`)
      context.print(`There are no more. To see one good answer: ${self} solution ${number}`)
      return Exit.passed
    }
    context.print(palette.paint(`Hint ${hint.step} of ${hint.of} for ${task}`, 'bold'))
    context.print(`\n${await markdown(hint.text)}\n`)
    context.print(
      hint.isLast
        ? `That was the last hint for this task. To see one good answer: ${self} solution ${number}`
        : `Next hint: ${self} hint ${number}${wanted === undefined ? '' : ` --task ${wanted}`}`,
    )
    return Exit.passed
  },
})

function assertTask({ number, tasks }: Lesson, wanted: number): void {
  if (wanted <= tasks.length) return
  const names = tasks.map((task) => `${task.number} ${task.name}`).join(', ')
  throw new UsageError(`Lesson ${number} has no task ${wanted}. It has ${names}.`)
}

/** A list again, each hint's code indented as far as its text. */
function numbered(hints: readonly string[]): string {
  return hints
    .map(
      (hint, index) => `${index + 1}. ${hint.replaceAll('\n', `\n${' '.repeat(`${index + 1}. `.length)}`)}`,
    )
    .join('\n')
}
