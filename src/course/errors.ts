import { Exit } from '../common/exit.ts'
import { self } from '../common/self.ts'

/** A lesson's file that breaks the format; `problem` is a sentence that says what to do. */
export class BadLessonError extends Error {
  override readonly name = 'BadLessonError'
  readonly exitCode = Exit.machine
  /** Relative to the project's folder, with forward slashes. */
  readonly file: string
  /** The front matter's field, or the part of the text: `tasks`, `hints`, `quiz`, `snippets`. */
  readonly field: string
  readonly problem: string
  /** Counted from 1, where a single line is wrong. */
  readonly line: number | undefined

  constructor(file: string, field: string, problem: string, line?: number) {
    super(`${file}${line === undefined ? '' : `:${line}`}, ${field}: ${problem}`)
    this.file = file
    this.field = field
    this.problem = problem
    this.line = line
  }
}

/** The numbers of the first lesson and the last one. */
export interface NumberRange {
  readonly first: string
  readonly last: string
}

/** No lesson in the course matches the name; `nearest` has the most similar slugs, maybe none, or the range of numbers. */
export class UnknownLessonError extends Error {
  override readonly name = 'UnknownLessonError'
  readonly exitCode = Exit.wrongUse
  readonly asked: string
  readonly nearest: readonly string[] | NumberRange

  constructor(asked: string, nearest: readonly string[] | NumberRange) {
    const guess =
      'last' in nearest
        ? ` The lessons are ${nearest.first} to ${nearest.last}.`
        : nearest.length === 0
          ? ''
          : ` Did you mean ${oneOf(nearest)}?`
    super(`No lesson matches "${asked}".${guess} Run "${self} list" to see them all.`)
    this.asked = asked
    this.nearest = nearest
  }
}

/** Several lessons match the name. */
export class AmbiguousLessonError extends Error {
  override readonly name = 'AmbiguousLessonError'
  readonly exitCode = Exit.wrongUse
  readonly asked: string
  /** Slugs, in the order of the course. */
  readonly matches: readonly string[]

  constructor(asked: string, matches: readonly string[]) {
    super(`"${asked}" could be ${oneOf(matches)}. Use the number, or more of the name.`)
    this.asked = asked
    this.matches = matches
  }
}

export class UnknownTrackError extends Error {
  override readonly name = 'UnknownTrackError'
  readonly exitCode = Exit.wrongUse
  readonly asked: string
  readonly known: readonly string[]

  constructor(asked: string, known: readonly string[]) {
    super(`There's no track "${asked}". The tracks are ${new Intl.ListFormat('en').format(known)}.`)
    this.asked = asked
    this.known = known
  }
}

/** The folder contains no course. */
export class NoCourseError extends Error {
  override readonly name = 'NoCourseError'
  readonly exitCode = Exit.machine
  readonly root: string

  constructor(root: string) {
    super(
      `There are no lessons in ${root}, because its lessons/ folder is missing or empty. Check the folder in --course or EVENTLINGS_COURSE, or clone eventlings again.`,
    )
    this.root = root
  }
}

function oneOf(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(names)
}
