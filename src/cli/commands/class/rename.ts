import { plainName } from '../../../classroom/projections/names.ts'
import { Exit } from '../../../common/exit.ts'
import { whoIs, withClass } from '../../class-client.ts'
import { defineCommand } from '../../command.ts'
import { whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
  },
  examples: [['class rename "Ada (2)" "Ada Miller"', 'use the name that the dashboard shows; #3 works, too']],
  run: async (context, [asked = '', name = ''], flags) =>
    withClass(context, flags, async ({ overview, send }) => {
      const { id, label } = whoIs(asked, (await overview()).participants)
      await send({ do: 'rename', participant: id, name })
      context.print(`New name for ${label}: ${plainName(name)}`)
      return Exit.passed
    }),
})
