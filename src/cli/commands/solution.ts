import { Exit } from '../../common/exit.ts'
import { NO_OTHER_WAYS, otherWays, revealSolution } from '../../learner/index.ts'
import type { Learner } from '../../learner/learner.ts'
import { confirmSpoiler } from '../ask.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { flag, yes } from '../flags.ts'
import { resolveLesson } from '../resolve-lesson.ts'

export const command = defineCommand({
  flags: {
    others: flag('show other right answers instead'),
    yes,
  },
  examples: [
    ['solution 07', 'a pass after this counts as "passed after the solution"'],
    ['solution 07 --others', 'other ways to do it'],
  ],
  run: async (context, [named], flags) => {
    const learner = await context.learner()
    const { slug, number } = resolveLesson(learner, named, 'solution')
    if (!(await confirmSpoiler(context, learner, slug, flags.yes, 'solution'))) return Exit.passed
    if (flags.others) return await printOthers(context, learner, slug)
    const text = await revealSolution(learner, slug)
    if (!context.output.isTTY) {
      // Unchanged, as it is in its file: for `> mine.ts`, and for programs.
      context.output.writeData(text)
      return Exit.passed
    }
    const { renderMarkdown } = await import('../../terminal/index.ts')
    const { palette, width } = context
    context.print(palette.paint(`solutions/${slug}.ts`, 'bold'))
    context.print(`\n${await renderMarkdown(`\`\`\`\`ts\n${text}\n\`\`\`\``, { width, palette })}\n`)
    context.print(`This is one good answer, not the only one. To compare yours: ${self} diff ${number}`)
    return Exit.passed
  },
})

async function printOthers(context: Context, learner: Learner, slug: string): Promise<typeof Exit.passed> {
  await revealSolution(learner, slug) // they give away as much
  const { renderMarkdown } = await import('../../terminal/index.ts')
  const { palette, width } = context
  const text = (await otherWays(learner, await learner.course.lesson(slug))) ?? NO_OTHER_WAYS
  context.print(await renderMarkdown(text, { width, palette }))
  return Exit.passed
}
