/** The guided walkthrough, its rehearsal, and what they share with the single commands. */
export { currentLesson, type Desk, nextLesson, shownPath } from './desk.ts'
export { walkThrough } from './home.ts'
export { type CheckSession, newSession } from './session.ts'
export { rehearse, type TourLesson, type TourReport } from './tour.ts'
export type { Ui } from './ui.ts'
export type { Walk } from './walk.ts'
