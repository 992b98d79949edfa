import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [file = '']) => {
  const { progress } = await context.desk()
  const { added, known } = await progress.importFrom(file)
  const here = known === 0 ? '' : ` ${known} ${known === 1 ? 'was' : 'were'} already here.`
  context.print(
    added === 0
      ? `Nothing new in ${file}.${here}`
      : `${added} new ${added === 1 ? 'event' : 'events'} from ${file}.${here}`,
  )
  return Exit.passed
}
