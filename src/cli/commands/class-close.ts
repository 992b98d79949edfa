import { withClass } from '../class-here.ts'
import { type Run, self } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, _args, flags) =>
  withClass(context, flags, async ({ file, lead }) => {
    await lead({ do: 'close' })
    context.print(`"${file.about.name}" is closed. It no longer accepts learners or events.
To keep its data: ${self} class export FILE.csv`)
    return Exit.passed
  })
