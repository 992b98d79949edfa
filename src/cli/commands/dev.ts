import { type Run, self } from '../command.ts'
import { UsageError } from '../errors.ts'

export const run: Run = async () => {
  throw new UsageError(
    `Say what: ${self} dev check, or ${self} dev new SLUG. "${self} dev --help" explains them.`,
  )
}
