/** Steps through the recording of a run. */
export { openExplorer } from './model.ts'
export { explorerList } from './plain.ts'
export { type ExplorerTerminal, exploreOnTerminal } from './terminal.ts'
