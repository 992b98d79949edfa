import { withClass } from '../class-here.ts'
import { whoIs } from '../class-who.ts'
import { type Run, self } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [asked = '', other = ''], flags) =>
  withClass(context, flags, async ({ overview, lead }) => {
    const { participants } = await overview()
    const [one, into] = [whoIs(asked, participants), whoIs(other, participants)]
    await lead({ do: 'merge', participant: one.id, into: into.id })
    context.print(`${one.label} counts as ${into.label} now. "${self} class undo" separates them again.`)
    return Exit.passed
  })
