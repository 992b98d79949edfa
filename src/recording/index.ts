/**
 * The recording of a run: its types, what a step changed, how to step through it, and its lanes. Pure, so pages can use
 * it, too. `parse.ts` isn't here, because only those who read a file should have to load the schema.
 */
export { byKey, canonical } from './canonical.ts'
export { collisionOf } from './collision.ts'
export { changesBetween } from './diff.ts'
export { apply, BadChangeError, fold, type Keys, keysOf, statesOf, undo } from './fold.ts'
export { fromCommands, type ShownCommand } from './from-commands.ts'
export { type KeyLine, type KeyView, keyViews, pairLines, type Sign, show } from './key-view.ts'
export { collidingRows, type LaneView, laneView, namingQueued, type Row, type Run } from './lanes.ts'
export { collidingSteps, type Mark, markOf, sentenceOf } from './sentence.ts'
export type * from './types.ts'
