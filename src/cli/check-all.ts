import { existsSync } from 'node:fs'
import { access, constants, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type CheckResult, resultAsJson } from '../check/index.ts'
import { Exit, type ExitCode, UsageError } from '../common/exit.ts'
import { findTrack, type LessonSummary } from '../course/index.ts'
import type { Learner } from '../learner/learner.ts'
import { checkOwnAnswer } from '../learner/own-answer.ts'
import { sentenceSpans } from '../terminal/inline.ts'
import { stateSpan } from '../terminal/symbols.ts'
import { type Line, padded, paintLines, span } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'
import { summaryOf } from '../verdict/summary.ts'
import { self } from './command.ts'
import type { Context } from './context.ts'
import { junitReport } from './junit.ts'
import { printChange } from './print-change.ts'
import { withSession } from './with-session.ts'

interface AllFlags {
  readonly track: string | undefined
  readonly json: boolean
  /** The file for a report. */
  readonly junit: string | undefined
}

/** Checks every existing answer, or a whole track, where a lesson without an answer counts as not passed. */
export async function checkAll(context: Context, flags: AllFlags): Promise<ExitCode> {
  const learner = await context.learner()
  const { home, course } = learner
  const isBegun = ({ slug }: LessonSummary) => existsSync(home.answer(slug))
  const meant = flags.track !== undefined ? findTrack(course, flags.track).lessons : undefined
  const lessons = meant ?? course.lessons.filter(isBegun)
  if (lessons.length === 0) {
    throw new UsageError(
      `There's nothing to check, because you haven't started a lesson. Start one: ${self} start 01`,
    )
  }
  // The checks take minutes, which would be in vain.
  if (flags.junit !== undefined) await orExplain(flags.junit, access(dirname(flags.junit), constants.W_OK))
  const isQuiet = flags.json
  const results: CheckResult[] = []
  await withSession(
    context,
    learner,
    async (session) => {
      for (const lesson of lessons.filter(isBegun)) {
        const result = await checkOwnAnswer(learner, session, lesson.slug)
        results.push(result)
        if (!isQuiet) print(context, lesson, result)
      }
    },
    { stayWarm: true },
  )
  const missing = lessons.filter((lesson) => !isBegun(lesson))
  const passed = results.filter((result) => result.passed).length
  const isPassed = passed === lessons.length
  if (isQuiet) {
    const notBegun = missing.map(({ slug }) => slug)
    context.printJson({ passed: isPassed, results: results.map(resultAsJson), notBegun })
  } else {
    for (const lesson of missing) print(context, lesson, undefined)
    context.print(`\n${passed} of ${lessons.length} passed.${leadsOn(learner, results, context.flagOfMine)}`)
    await printChange(context, learner, lessons)
  }
  if (flags.junit !== undefined)
    await orExplain(flags.junit, writeFile(flags.junit, junitReport(results, missing)))
  return isPassed ? Exit.passed : Exit.notPassed
}

async function orExplain(file: string, written: Promise<void>): Promise<void> {
  await written.catch(({ message }: Error) => {
    throw new UsageError(`The report couldn't be written to ${file} (${message}).`)
  })
}

/** A line for each lesson, and the diagnosis of its first failure. */
function print(
  { print, palette, width }: Context,
  { number, title }: LessonSummary,
  result?: CheckResult,
): void {
  const state = result === undefined ? 'new' : result.passed ? 'passed' : 'failed'
  const skipped = result !== undefined && result.skipped > 0 ? ` (${summaryOf(result.tasks)})` : ''
  const head: Line = [...padded(stateSpan(state, palette), 9), span(` ${number} ${title}${skipped}`)]
  const failed = result?.tasks.find((task) => task.state === 'failed')
  const diagnosis = failed?.diagnosis ?? result?.diagnosis
  const why =
    diagnosis === undefined
      ? []
      : wrap(sentenceSpans(diagnosis, palette), { width, first: span('    '), rest: span('    ') })
  print(paintLines([head, ...why], palette))
}

function leadsOn({ course }: Learner, results: readonly CheckResult[], flagOfMine: string): string {
  const failed = results.find((result) => !result.passed)
  const lesson = course.lessons.find(({ slug }) => slug === failed?.lesson)
  return lesson === undefined
    ? ''
    : ` More about the first failure: ${self} check ${lesson.number}${flagOfMine}`
}
