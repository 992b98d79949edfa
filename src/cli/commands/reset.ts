import { existsSync } from 'node:fs'
import { Exit } from '../../common/exit.ts'
import { shownPath } from '../../common/shown-path.ts'
import { findLesson } from '../../course/index.ts'
import { resetLesson } from '../../learner/index.ts'
import { assertCanPrompt } from '../../terminal/can-prompt.ts'
import { ask } from '../ask.ts'
import { defineCommand, self } from '../command.ts'
import { yes } from '../flags.ts'

export const command = defineCommand({
  flags: {
    yes,
  },
  examples: [['reset 07 --yes', 'without asking']],
  run: async (context, [named = ''], flags) => {
    const learner = await context.learner()
    const { slug, number } = findLesson(learner.course, named)
    const file = learner.home.answer(slug)
    if (existsSync(file) && !flags.yes) {
      assertCanPrompt(context, {
        reason: `Resetting replaces ${shownPath(file)} with the starter.`,
        hints: [`${self} reset ${number} --yes`],
      })
      if (!(await ask(context, `Start over with ${slug}? Your answer is kept as a dated copy.`))) {
        context.print('Nothing was changed.')
        return Exit.passed
      }
    }
    const { keptAs } = await resetLesson(learner, slug, new Date())
    context.print(`${shownPath(file)} is the starter${keptAs === undefined ? '' : ' again'}.`)
    if (keptAs !== undefined)
      context.print(
        `Your answer is kept as\n\n  ${shownPath(keptAs)}\n\nTo get it back, copy that file over ${shownPath(file)}.`,
      )
    return Exit.passed
  },
})
