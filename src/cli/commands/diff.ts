import { readFile } from 'node:fs/promises'
import { Exit, type ExitCode } from '../../common/exit.ts'
import { shownPath } from '../../common/shown-path.ts'
import type { LessonSummary } from '../../course/index.ts'
import { lessonChange, revealSolution } from '../../learner/index.ts'
import type { Learner } from '../../learner/learner.ts'
import { assertStarted } from '../../learner/own-answer.ts'
import { renderDiff } from '../../terminal/index.ts'
import { confirmSpoiler } from '../ask.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { flag, yes } from '../flags.ts'
import { printChange } from '../print-change.ts'
import { resolveLesson } from '../resolve-lesson.ts'

export const command = defineCommand({
  flags: {
    yes,
    starter: flag("show how the lesson's tasks and starter have changed since you began or passed it"),
  },
  examples: [
    ['diff 07', 'what to change in your answer to get the solution'],
    ['diff 07 --starter', 'what an update changed in the lesson'],
  ],
  run: async (context, [named], flags) => {
    const learner = await context.learner()
    const lesson = resolveLesson(learner, named, 'diff')
    const { slug } = lesson
    if (flags.starter) return await showChange(context, learner, lesson)
    assertStarted(learner, slug)
    if (!(await confirmSpoiler(context, learner, slug, flags.yes, 'diff'))) return Exit.passed
    const file = learner.home.answer(slug)
    const mine = await readFile(file, 'utf8')
    const theirs = await revealSolution(learner, slug)
    const { palette } = context
    const width = widthFor(context)
    const names = { mineName: shownPath(file), theirsName: `solutions/${slug}.ts` }
    context.print(await renderDiff(mine, theirs, { width, palette, ...names }))
    await printChange(context, learner, [lesson])
    return Exit.passed
  },
})

/** In a file or a pipe, a line of a diff stays a line, for other programs. */
function widthFor({ output, width }: Context): number {
  return output.isTTY ? width : Number.POSITIVE_INFINITY
}

/** What is different in the lesson since the learner began or passed it. */
async function showChange(context: Context, learner: Learner, lesson: LessonSummary): Promise<ExitCode> {
  const { palette, print } = context
  const { slug, number } = lesson
  const width = widthFor(context)
  const diff = (mine: string, theirs: string, mineName: string, theirsName: string) =>
    renderDiff(mine, theirs, { width, palette, mineName, theirsName })
  const change = await lessonChange(learner, slug)
  switch (change?.kind) {
    case undefined:
      context.note(`The files of lesson ${number} can't be read.`)
      return Exit.machine
    case 'none':
      print(`Lesson ${number} hasn't changed since you began or passed it.`)
      return Exit.passed
    case 'not kept': {
      assertStarted(learner, slug)
      const file = learner.home.answer(slug)
      const mine = await readFile(file, 'utf8')
      context.note(
        `There's no copy of lesson ${number} as it was, so this compares your answer with its starter.`,
      )
      print(await diff(change.now.starter, mine, `exercises/${slug}.ts`, shownPath(file)))
      return Exit.passed
    }
    case 'changed': {
      const { before, now } = change
      const parts = (['tasks', 'starter'] as const).filter((part) => before[part] !== now[part])
      for (const part of parts)
        print(`${await diff(before[part], now[part], `${part} before`, `${part} now`)}\n`)
      const only = parts.length === 0 ? 'Only the tests have changed. ' : ''
      print(`${only}Your answer is as you left it. To see whether it still passes: ${self} check ${number}`)
      return Exit.passed
    }
  }
}
