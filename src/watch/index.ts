/** Checks an answer on every save. */
export { type WatchPlainOptions, watchPlain } from './plain.ts'
export { type WatchTerminalOptions, watchOnTerminal } from './terminal.ts'
