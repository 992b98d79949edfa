import { limits } from '../../classroom/limits.ts'
import { trySending } from '../../classroom/member/send.ts'
import { plainText } from '../../classroom/projections/names.ts'
import { Exit } from '../../common/exit.ts'
import { currentLesson } from '../../learner/learner.ts'
import { COURSE } from '../../progress/index.ts'
import { defineCommand, self } from '../command.ts'
import { flag } from '../flags.ts'
import { memberOf } from '../membership.ts'

/**
 * A raised hand is an event of the log like any other, so it survives a Wi-Fi outage. The command waits a moment to
 * say whether it arrived.
 */
const TIMEOUT_MS = 2_000

export const command = defineCommand({
  flags: {
    done: flag('lower it again'),
  },
  examples: [['stuck why is my version 0?', 'with a few words']],
  run: async (context, words, flags) => {
    const { learner, member } = await memberOf(context)
    const { progress, home } = learner
    const at = currentLesson(learner)?.slug ?? COURSE
    const isDone = flags.done
    const text = plainText(words.join(' '), limits.text)
    if (isDone) await progress.record('HAND_LOWERED', at, { class: member.classId })
    else await progress.record('HAND_RAISED', at, { class: member.classId, text })
    const problem = await trySending({ folder: home.log, progress, timeoutMs: TIMEOUT_MS })
    const what = isDone ? 'Your hand is down.' : `Your hand is up. "${self} stuck --done" lowers it.`
    context.print(
      problem === undefined
        ? what
        : `${what} ${problem} Your instructor sees it once the class can be reached.`,
    )
    return Exit.passed
  },
})
