import { findClass } from '../../classroom/host/class-file.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

/** Only here, so that a terminal on a projector never shows it unasked. */
export const run: Run = async (context, _args, flags) => {
  const { home } = await context.desk()
  const { secret } = findClass(home.log, typeof flags.name === 'string' ? flags.name : undefined)
  context.print(secret)
  return Exit.passed
}
