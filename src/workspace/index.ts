/** What a learner does with a lesson, whichever screen they use. */
export { type Home, homeOf } from './home.ts'
export { openLesson, resetLesson, startLesson, UnwritableWorkspaceError } from './lesson-file.ts'
export { changedLessons, changeNote } from './lesson-version.ts'
export { type NextHint, nextHint } from './next-hint.ts'
export { assertNoObstacle, ObstacleError, obstacleAt } from './obstacle.ts'
export { recordCheck } from './record-check.ts'
export { maySeeSolution, revealSolution } from './reveal.ts'
