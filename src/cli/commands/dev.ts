import { type Run, self } from '../command.ts'
import { UsageError } from '../errors.ts'

export const run: Run = async () => {
  throw new UsageError(
    `Which dev command? ${self} dev check, ${self} dev new SLUG, ${self} dev new-course FOLDER, or ${self} dev mistake LESSON FILE. Run "${self} dev --help" for details.`,
  )
}
