import { type Run, self } from '../command.ts'
import { UsageError } from '../errors.ts'

export const run: Run = async () => {
  throw new UsageError(
    `Say what: ${self} dev check, ${self} dev new SLUG, or ${self} dev mistake LESSON FILE. "${self} dev --help" explains them.`,
  )
}
