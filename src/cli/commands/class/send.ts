import { sendUntilDone } from '../../../classroom/member/background.ts'
import { sendPending } from '../../../classroom/member/send.ts'
import { Exit } from '../../../common/exit.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../flags.ts'
import { memberOf } from '../../membership.ts'

/**
 * How long a background process keeps trying (ms): a Wi-Fi outage of a coffee break. The next command starts another.
 */
const TIMEOUT_MS = 15 * 60_000

export const command = defineCommand({
  flags: {
    background: flag('print nothing, and keep trying for a while'),
  },
  examples: [['class send', 'this happens automatically after each command']],
  run: async (context, _args, flags) => {
    const { learner, member } = await memberOf(context)
    const sending = { folder: learner.home.log, progress: learner.progress }
    if (flags.background) {
      await sendUntilDone(sending, TIMEOUT_MS)
      return Exit.passed
    }
    await sendPending(sending)
    context.print(`"${member.className}" has everything.`)
    return Exit.passed
  },
})
