import { sendUntilDone } from '../../classroom/member/background.ts'
import { sendPending } from '../../classroom/member/send.ts'
import { memberOf } from '../class-member.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

/**
 * How long a background process keeps trying (ms): a Wi-Fi outage of a coffee break. The next command starts another.
 */
const PATIENCE = 15 * 60_000

export const run: Run = async (context, _args, flags) => {
  const { desk, member } = await memberOf(context)
  const sending = { folder: desk.home.log, progress: desk.progress }
  if (flags.background === true) {
    await sendUntilDone(sending, PATIENCE)
    return Exit.passed
  }
  await sendPending(sending)
  context.print(`"${member.className}" has everything.`)
  return Exit.passed
}
