import { withClass } from '../class-here.ts'
import { whoIs } from '../class-who.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [asked = '', name = ''], flags) =>
  withClass(context, flags, async ({ overview, lead }) => {
    const { id, label } = whoIs(asked, (await overview()).participants)
    await lead({ do: 'rename', participant: id, name })
    context.print(`${label} is called ${name} now.`)
    return Exit.passed
  })
