/** Save, and the verdict is there. */
export { type WatchPlainOptions, watchPlain } from './plain.ts'
export { renderScreen } from './screen.ts'
export { type WatchOptions, WatchSession } from './session.ts'
export { type Action, actionOf, KEYS, type WatchState } from './state.ts'
export { type WatchTerminalOptions, watchOnTerminal } from './terminal.ts'
export { watchFile } from './watch-file.ts'
