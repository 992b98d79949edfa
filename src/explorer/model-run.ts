import type { Recording } from '../recording/index.ts'
import type { EntityStates } from './entity-state.ts'
import { type Explorer, goTo, openExplorer } from './model.ts'

/** What the model answer does in the same test, or a sentence that says why that isn't shown. */
export type ModelRun = () => Promise<Recording | string>

/** Switches between a run and the model answer's, which is recorded the first time. */
export function newComparison(run: ModelRun | undefined, states: EntityStates | undefined) {
  let other: Explorer | undefined

  /** The other one of the two, after as many steps. */
  async function switched(explorer: Explorer): Promise<Explorer> {
    const there = other ?? (await model())
    if (typeof there === 'string') return { ...explorer, notice: there }
    other = explorer
    return goTo(there, explorer.at)
  }

  async function model(): Promise<Explorer | string> {
    if (run === undefined) return "The model answer's run can't be shown here."
    const recording = await run().catch((error: unknown) => (error instanceof Error ? error.message : ''))
    return typeof recording === 'string' ? recording : { ...openExplorer(recording, states), isModel: true }
  }

  return { switched }
}
