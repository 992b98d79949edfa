/** The course: what is in lessons/, and nothing else. */

export {
  AmbiguousLessonError,
  BadLessonError,
  NoCourseError,
  UnknownLessonError,
  UnknownTrackError,
} from './errors.ts'
export type { LessonFiles } from './files.ts'
export { filesOf } from './files.ts'
export { findLesson } from './find.ts'
export { entryFor, entryWithWord, type GlossaryEntry, glossaryText, readGlossary } from './glossary.ts'
export type {
  Chapter,
  Course,
  Lesson,
  LessonSummary,
  QuizAnswer,
  QuizQuestion,
  RedisExchange,
  Snippet,
  Task,
} from './lesson.ts'
export { chapters, readerText } from './lesson.ts'
export { EmptyRangeError, findLessons } from './lesson-range.ts'
export { loadCourse } from './load.ts'
export { type Occurrences, searchText } from './search.ts'
export { showsError } from './snippets.ts'
export type { MissingPrerequisite, Track } from './tracks.ts'
export { findTrack, inHours, missingPrerequisites, trackLessons, trackNames, tracks } from './tracks.ts'
