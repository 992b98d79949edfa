/** A CheckResult as lines for a terminal. */
export { type CheckPieces, checkInPieces } from './pieces.ts'
export type { CheckView } from './render.ts'
export { renderCheck } from './render.ts'
export { type ShownFailure, shownFailure } from './shown-failure.ts'
export { summaryOf } from './summary.ts'
