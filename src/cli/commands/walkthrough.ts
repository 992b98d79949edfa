import { Exit } from '../../common/exit.ts'
import { nextLesson } from '../../learner/learner.ts'
import { whyNoPrompt } from '../../terminal/can-prompt.ts'
import { paintLines } from '../../terminal/text.ts'
import { wrap } from '../../terminal/wrap.ts'
import { lessonTable } from '../../walkthrough/lesson-table.ts'
import { stayInClass } from '../class-notices.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { walkHere } from '../walk-here.ts'
import { withSession } from '../with-session.ts'
import { command as initialize, isNowhere } from './init.ts'

/** What `eventlings` runs without a command. */
export const command = defineCommand({
  flags: {},
  examples: [],
  run: async (context) => {
    if (isNowhere(context.env)) return initialize.run(context, [], {})
    if (!context.canAsk) return printState(context)
    const learner = await context.learner()
    const { walkThrough } = await import('../../walkthrough/home.ts')
    const { news } = await stayInClass(context, learner)
    await withSession(
      context,
      learner,
      async (session) => walkThrough(await walkHere(context, { learner, session, news })),
      { stayWarm: true },
    )
    return Exit.passed
  },
})

/** Without a terminal there's no one to guide, so this prints the state and the commands that lead on. */
async function printState(context: Context): Promise<typeof Exit.passed> {
  const learner = await context.learner()
  context.print(lessonTable(learner, context))
  const next = nextLesson(learner)
  const number = next?.number ?? '01'
  const why = `The guided walkthrough doesn't work here. ${whyNoPrompt(context)} Use single commands instead:`
  context.print(`
${paintLines(wrap(why, context), context.palette)}

  ${self} start ${number}   your file for the lesson
  ${self} read ${number}    what to write
  ${self} check ${number}   see whether it works
  ${self} hint ${number}    if you're stuck
  ${self} --help     all commands`)
  return Exit.passed
}
