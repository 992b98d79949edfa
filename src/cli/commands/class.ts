import { Exit } from '../../common/exit.ts'
import { defineCommand, self } from '../command.ts'

/** Which command leads on depends on who's asking. */
export const command = defineCommand({
  flags: {},
  examples: [
    ['class open --host 0.0.0.0', 'for the instructor'],
    ['class join http://192.168.1.5:4280', 'for learners'],
  ],
  run: async (context) => {
    context.print(`Take part:    ${self} class join ADDRESS --code CODE --as NAME
Run a class:  ${self} class open --host 0.0.0.0
All commands: ${self} class --help`)
    return Exit.passed
  },
})
