/** What a learner does with a lesson, whichever screen they use. */
export { answersBeside, exportAnswers, type ImportedAnswers, importAnswers } from './carry-answers.ts'
export { type LessonChange, lessonChange } from './kept-version.ts'
export { keepLastRun, lastRunFile, lastRunOf, readLastRun, writeRecording } from './last-run.ts'
export { lastSince } from './last-since.ts'
export { openLesson, resetLesson, startLesson, UnwritableWorkspaceError } from './lesson-file.ts'
export {
  keysInWords,
  LESSON_KEYS,
  type LessonAction,
  type LessonKey,
  lessonActionOf,
} from './lesson-keys.ts'
export { changedLessons, changeNote } from './lesson-version.ts'
export { modelRun } from './model-run.ts'
export { type NextHint, noHintHere, wishAfter } from './next-hint.ts'
export { assertNoObstacle, ObstacleError, obstacleAt } from './obstacle.ts'
export { NO_OTHER_WAYS, otherWays, rightAnswers, titleOf } from './other-ways.ts'
export { buildsOnOwn } from './own-so-far.ts'
export { type Home, homeOf } from './paths.ts'
export { recordCheck } from './record-check.ts'
export { maySeeSolution, revealSolution, spoilerQuestion } from './reveal.ts'
export { revealHint } from './reveal-hint.ts'
