import type { exploreOnTerminal } from '../explorer/index.ts'
import type { modelRun } from '../learner/index.ts'
import type { Learner } from '../learner/learner.ts'
import type { Recording } from '../recording/index.ts'
import type { Context } from './context.ts'

/** Steps through a recording on this terminal. `model` is asked for the model solution's run when the learner wants it. */
export async function exploreHere(
  { input, output, palette }: Context,
  learner: Learner,
  recording: Recording,
  model: () => ReturnType<typeof modelRun>,
): ReturnType<typeof exploreOnTerminal> {
  const explorer = await import('../explorer/index.ts')
  const states = await explorer.statesFor(learner.course, recording)
  return await explorer.exploreOnTerminal(
    recording,
    { input, output: output.stream, palette },
    { states, model },
  )
}
