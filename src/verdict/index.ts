/** A CheckResult as lines for a terminal. */
export type { CheckView } from './render.ts'
export { renderCheck } from './render.ts'
export { summaryOf } from './summary.ts'
