import { type Run, self } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [file = ''], flags) => {
  const { progress } = await context.desk()
  const { events } = await progress.exportTo(file, { force: flags.force === true })
  context.print(`${events} ${events === 1 ? 'event' : 'events'} copied to ${file}.`)
  context.print(`On the other machine: ${self} progress import ${file}`)
  return Exit.passed
}
