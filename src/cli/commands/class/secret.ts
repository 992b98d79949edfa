import { findClass } from '../../../classroom/host/class-file.ts'
import { Exit } from '../../../common/exit.ts'
import { defineCommand } from '../../command.ts'
import { whichClass } from '../../flags.ts'

/** Only here, so that a terminal on a projector never shows it unasked. */
export const command = defineCommand({
  flags: {
    name: whichClass,
  },
  examples: [['class secret', 'not while your screen is on the wall']],
  run: async (context, _args, flags) => {
    const { home } = await context.learner()
    const { secret } = findClass(home.log, flags.name)
    context.print(secret)
    return Exit.passed
  },
})
