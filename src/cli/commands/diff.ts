import { readFile } from 'node:fs/promises'
import { revealSolution } from '../../learner/index.ts'
import { shownPath } from '../../learner/learner.ts'
import { assertStarted } from '../../learner/own-answer.ts'
import { defineCommand } from '../command.ts'
import { Exit } from '../exit.ts'
import { flag, yes } from '../flags.ts'
import { mayReveal } from '../may-reveal.ts'
import { printChange } from '../print-change.ts'
import { showChange } from '../show-change.ts'
import { whichLesson } from '../which-lesson.ts'

export const command = defineCommand({
  flags: {
    yes,
    starter: flag("show how the lesson's tasks and starter have changed since you began or passed it"),
  },
  examples: [
    ['diff 07', 'what to change to get from yours to the solution'],
    ['diff 07 --starter', 'what an update has changed in the lesson'],
  ],
  run: async (context, [named], flags) => {
    const desk = await context.desk()
    const lesson = whichLesson(desk, named, 'diff')
    const { slug } = lesson
    if (flags.starter) return await showChange(context, desk, lesson)
    assertStarted(desk, slug)
    if (!(await mayReveal(context, desk, slug, flags.yes))) return Exit.passed
    const file = desk.home.answer(slug)
    const mine = await readFile(file, 'utf8')
    const theirs = await revealSolution(desk, slug)
    const { renderDiff } = await import('../../terminal/index.ts')
    const { palette, width } = context
    const names = { mineName: shownPath(file), theirsName: `solutions/${slug}.ts` }
    context.print(await renderDiff(mine, theirs, { width, palette, ...names }))
    await printChange(context, desk, [lesson])
    return Exit.passed
  },
})
