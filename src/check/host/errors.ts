import { Exit } from '../../common/exit.ts'

/** The checker was closed before there was a verdict. */
export class CheckerClosedError extends Error {
  override readonly name = 'CheckerClosedError'
  readonly lesson: string

  constructor(lesson: string) {
    super(`The check of ${lesson} was cut short, so there's no verdict. Run it again.`)
    this.lesson = lesson
  }
}

/** The caller's signal stopped the check, so there's no verdict. */
export class CheckAbortedError extends Error {
  override readonly name = 'CheckAbortedError'
  readonly lesson: string

  constructor(lesson: string) {
    super(`The check of ${lesson} was stopped, so there's no verdict.`)
    this.lesson = lesson
  }
}

/** Something in the check broke, so it proves nothing about the answer. */
export class BrokenCheckError extends Error {
  override readonly name = 'BrokenCheckError'
  readonly exitCode = Exit.machine
  readonly lesson: string

  constructor(lesson: string, why: string) {
    super(
      `The check itself failed, not your answer: ${why.replace(/\.$/, '')}. Check again, and if that doesn't help, please report it on the issues page of the repository that you cloned.`,
    )
    this.lesson = lesson
  }
}
