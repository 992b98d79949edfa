import { withClass } from '../class-here.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, _args, flags) =>
  withClass(context, flags, async ({ file, lead }) => {
    await lead({ do: 'reopen' })
    context.print(`"${file.about.name}" accepts learners and events again.`)
    return Exit.passed
  })
