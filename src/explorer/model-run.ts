import type { Recording } from '../recording/index.ts'
import type { EntityStates } from './entity-state.ts'
import { type Explorer, inPlaceOf, openExplorer } from './model.ts'

/** What the model answer does in the same test, or a sentence that says why that isn't shown. */
export type ModelRun = () => Promise<Recording | string>

/** Switches between a run and the model answer's, which is recorded the first time. */
export function newComparison(run: ModelRun | undefined, states: EntityStates | undefined) {
  let other: Explorer | undefined

  /** The other one of the two. Keys that are pressed while it's being recorded still count. */
  async function switched(current: () => Explorer): Promise<Explorer> {
    const there = other ?? (await model())
    const here = current()
    if (typeof there === 'string') return { ...here, notice: there }
    other = here
    return inPlaceOf(here, there)
  }

  async function model(): Promise<Explorer | string> {
    if (run === undefined) return "The model answer's run can't be shown here."
    const recording = await run().catch((error: unknown) => (error instanceof Error ? error.message : ''))
    return typeof recording === 'string' ? recording : { ...openExplorer(recording, states), isModel: true }
  }

  return { switched }
}
