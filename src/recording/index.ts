/** The recording of a run: its types, what a step changed, and how to step through it. Pure, so pages can use it, too. */
export { byKey, canonical } from './canonical.ts'
export { collisionOf } from './collision.ts'
export { changesBetween } from './diff.ts'
export { apply, BadChangeError, fold, type Keys, keysOf, statesOf, undo } from './fold.ts'
export { fromCommands, type ShownCommand } from './from-commands.ts'
export type * from './types.ts'
