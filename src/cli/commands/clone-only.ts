import type { Run } from '../command.ts'
import { UsageError } from '../errors.ts'

/** In the npm package, which has neither the other answers nor the program's sources. */
export const run: Run = async () => {
  throw new UsageError(
    'Lessons are written in a clone of the repository, and this is the published package. Clone it, then run "npm install".',
  )
}
