/** Steps through the recording of a run. */
export { type EntityStates, entityStates, statesFor } from './entity-state.ts'
export { openExplorer } from './model.ts'
export type { ModelRun } from './model-run.ts'
export { explorerList } from './plain.ts'
export { type StateChange, statesIn } from './states-in.ts'
export { type ExplorerTerminal, exploreOnTerminal } from './terminal.ts'
