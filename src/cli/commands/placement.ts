import { Exit } from '../../common/exit.ts'
import { nextCommand } from '../../learner/learner.ts'
import { assertCanPrompt } from '../../terminal/can-prompt.ts'
import { defineCommand, self } from '../command.ts'

export const command = defineCommand({
  flags: {},
  examples: [['placement', 'if you already know some of this']],
  run: async (context) => {
    const { input, output, palette } = context
    assertCanPrompt(context, {
      reason: 'The placement quiz asks a few questions.',
      hints: [
        `${self} start 01     if event sourcing is new to you`,
        `${self} skip 01-03   if you know what lessons 01 to 03 teach`,
      ],
    })
    const learner = await context.learner()
    const [{ askPlacement }, { terminalUi }] = await Promise.all([
      import('../../walkthrough/placement.ts'),
      import('../../walkthrough/terminal-ui.ts'),
    ])
    const ui = await terminalUi({ input, output: output.stream, palette })
    await askPlacement({ learner, ui, palette })
    const next = nextCommand(learner)
    if (next !== undefined) context.print(`Continue with: ${next}`)
    return Exit.passed
  },
})
