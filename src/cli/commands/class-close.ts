import { type Done, paths } from '../../classroom/api.ts'
import { askClass } from '../class-here.ts'
import { type Run, self } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, _args, flags) => {
  const { name } = await askClass<Done>(context, flags, paths.close, {}, async (hub) => {
    await hub.store.record({ type: 'CLASS_CLOSED', payload: {} })
    return { kind: 'done' }
  })
  context.print(`"${name}" is closed. It no longer accepts learners or events.
To keep its data: ${self} class export FILE.csv`)
  return Exit.passed
}
