import type { Recording } from '../recording/index.ts'
import type { EntityStates } from './entity-state.ts'
import { type Explorer, inPlaceOf, openExplorer, withFilterOf } from './model.ts'

/** What the model solution does in the same test, or a sentence that says why that isn't shown. */
export type ModelRun = () => Promise<Recording | string>

/** Switches between a run and the model solution's, which is recorded the first time. */
export class Comparison {
  readonly #run: ModelRun | undefined
  readonly #states: EntityStates | undefined
  #other: Explorer | undefined

  constructor(run: ModelRun | undefined, states: EntityStates | undefined) {
    this.#run = run
    this.#states = states
  }

  /** The run that the keys don't step through at the moment; undefined until there are two. */
  get other(): Explorer | undefined {
    return this.#other
  }

  /**
   * The other one of the two: the model solution's after as many steps, then each where it was left. Keys that are pressed
   * while it's being recorded still count.
   */
  async switched(current: () => Explorer): Promise<Explorer> {
    const known = this.#other
    const there = known ?? (await this.#model())
    const here = current()
    if (typeof there === 'string') return { ...here, notice: there }
    const { notice, typing, ...left } = here // both belong to the run that the keys step through
    this.#other = left
    return known === undefined ? inPlaceOf(here, there) : withFilterOf(here, there)
  }

  async #model(): Promise<Explorer | string> {
    if (this.#run === undefined) return "The model solution's run can't be shown here."
    const recording = await this.#run().catch((error: unknown) =>
      error instanceof Error ? error.message : '',
    )
    return typeof recording === 'string'
      ? recording
      : { ...openExplorer(recording, this.#states), isModel: true }
  }
}
