import { UsageError } from '../../common/exit.ts'
import { defineCommand, self } from '../command.ts'

export const command = defineCommand({
  flags: {},
  examples: [
    ['dev check 07', 'everything that must be true of a lesson'],
    ['dev new outbox', 'the skeleton of a new lesson'],
    ['dev mistake 07 my-answer.ts', 'a file with a mistake, as a section for test/mistakes'],
  ],
  run: async () => {
    throw new UsageError(
      `Which dev command? ${self} dev check, ${self} dev new SLUG, ${self} dev new-course FOLDER, or ${self} dev mistake LESSON FILE. Run "${self} dev --help" for details.`,
    )
  },
})
