/** Save, and the verdict is there. */
export { type WatchPlainOptions, watchPlain } from './plain.ts'
export { type WatchTerminalOptions, watchOnTerminal } from './terminal.ts'
