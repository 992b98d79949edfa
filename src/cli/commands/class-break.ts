import { withClass } from '../class-here.ts'
import { minutesOf } from '../class-minutes.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [asked], flags) => {
  const minutes = minutesOf(asked)
  return withClass(context, flags, async ({ lead }) => {
    if (flags.end === true) await lead({ do: 'resume' })
    else await lead({ do: 'pause', minutes })
    const length = minutes === undefined ? 'until you end it' : `for ${minutes} min`
    context.print(flags.end === true ? 'The break is over.' : `There's a break ${length}.`)
    return Exit.passed
  })
}
