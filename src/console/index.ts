/** A prompt on the sandbox: Redis commands, the learner's functions, and a look at entities. */
export type { ConsoleOptions, ConsolePlace } from './about.ts'
export { type Console, openConsole } from './console.ts'
export { nextKey, obeyLines, talk } from './talk.ts'
