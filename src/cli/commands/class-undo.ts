import { withClass } from '../class-here.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, _args, flags) =>
  withClass(context, flags, async ({ overview, lead }) => {
    const { undo } = await overview()
    await lead({ do: 'undo' })
    context.print(`Taken back: ${undo}.`)
    return Exit.passed
  })
