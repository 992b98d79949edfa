import type { Failure, Report } from '../protocol.ts'
import type { Commands, Place, TaskResult } from '../result.ts'
import { pointingToCauses } from './earlier-task.ts'
import type { RunRecord } from './worker-process.ts'

export interface Expected {
  /** The lesson's tasks in order. */
  readonly tasks: readonly ExpectedTask[]
  /** Turns an absolute path into the one to show. */
  shown(file: string): string
}

export interface ExpectedTask {
  readonly name: string
  /** Why the task can't run on this Redis, if it can't. */
  readonly lacking: string | undefined
  /** Earlier tasks whose functions this one calls. */
  readonly buildsOn: readonly string[]
}

export interface Verdict {
  readonly passed: boolean
  readonly diagnosis?: string
  readonly at?: Place
  readonly tasks: readonly TaskResult[]
  readonly strays: readonly string[]
  readonly notes: readonly string[]
}

/**
 * What the record of a run says about the answer. Pure, and run outside the process that ran the answer: anything
 * missing, early or malformed in the record is never a pass.
 */
export function judge(record: RunRecord, expected: Expected): Verdict {
  const reported = new Map(record.reports.filter((r) => r.kind === 'task').map((r) => [r.task, r]))
  const trouble = troubleOf(record)
  const current = trouble === undefined ? undefined : currentTest(record.reports)
  const judged = expected.tasks.map(({ name, lacking }): TaskResult => {
    const report = reported.get(name)
    if (report?.state === 'failed') {
      return {
        task: name,
        state: 'failed',
        ...(report.test !== undefined && { test: report.test }),
        ...sent(report),
        ...failureFields(report.failure, expected),
      }
    }
    if (report?.state === 'passed' && report.ran > 0) return { task: name, state: 'passed', commands: [] }
    if (report?.state === 'skipped' && lacking !== undefined) {
      return { task: name, state: 'skipped', reason: lacking, commands: [] }
    }
    if (trouble !== undefined && name === current?.task) {
      return {
        task: name,
        state: 'failed',
        test: current.test,
        ...sent(trouble),
        ...failureFields(trouble.failure, expected),
      }
    }
    return { task: name, state: 'not reached', commands: [] }
  })
  const tasks = pointingToCauses(judged, expected.tasks, current?.task)
  const notes = record.reports.flatMap((report) => (report.kind === 'done' ? report.notes : []))
  const outer = trouble ?? nothingRan(tasks)
  return {
    passed:
      outer === undefined &&
      record.ending.kind === 'done' &&
      tasks.length > 0 &&
      tasks.some((task) => task.state === 'passed' || task.state === 'skipped') &&
      tasks.every((task) => task.state === 'passed' || task.state === 'skipped'),
    ...(outer && outerFields(outer.failure, expected)),
    tasks,
    strays: straysOf(record.reports, expected),
    notes,
  }
}

/** Titles of tests that belong to no task of the lesson: whether they pass changes nothing. */
function straysOf(reports: readonly Report[], expected: Expected): readonly string[] {
  const names = reports.flatMap((report) =>
    report.kind === 'test' || report.kind === 'task' ? [report.task] : [],
  )
  return [...new Set(names)].filter((name) => !expected.tasks.some((task) => task.name === name))
}

interface Trouble extends Commands {
  readonly failure: Failure
}

function sent({ commands, leftOut }: Commands): Commands {
  return { commands, ...(leftOut && { leftOut }) }
}

/** What ended the run, or makes its report worthless. */
function troubleOf({ reports, forged, ending, output }: RunRecord): Trouble | undefined {
  const unusable = reports.find((report) => report.kind === 'unusable')
  if (unusable !== undefined) return { failure: unusable.failure, commands: [] }
  const said = reports.find((report) => report.kind === 'ending')
  if (said !== undefined) return said
  if (forged) {
    return only(
      "Your code wrote to the pipe that the check uses to report its verdict, so that report can't be trusted. Remove the code that writes there.",
    )
  }
  switch (ending.kind) {
    case 'done':
    case 'disturbed': // never shown: there's no verdict
      return undefined
    case 'silent':
      return only(`Your code showed no sign of life for ${ending.seconds} seconds and was stopped.`)
    case 'exit':
      return only(exitSentence(ending, output))
  }
}

/** Whether V8 ended a process because it kept too much, by what that process printed. */
export function ranOutOfMemory(output: string): boolean {
  return /heap out of memory|invalid array length Allocation failed/i.test(output)
}

function exitSentence(
  ending: { readonly code: number | null; readonly signal: string | null },
  output: string,
): string {
  if (ranOutOfMemory(output)) {
    return 'Your code used more than 512 MB of memory and was stopped. Read in pages, and keep only what you need at one time.'
  }
  if (ending.signal !== null) {
    return `Your code ended its own process (signal ${ending.signal}) before the tests were over. Return a value or throw an error instead; never end the program.`
  }
  return `Your code's process ended (exit code ${ending.code}) before the tests were over. Return a value or throw an error instead; never end the program.`
}

function currentTest(reports: readonly Report[]) {
  const last = reports.findLast((report) => report.kind === 'test' || report.kind === 'task')
  return last?.kind === 'test' ? last : undefined
}

function nothingRan(tasks: readonly TaskResult[]): Trouble | undefined {
  if (tasks.some((task) => task.state !== 'not reached')) return undefined
  return only(
    "No test ran, so there's no verdict on your answer. This is a bug in the course, so please report it.",
  )
}

function only(diagnosis: string): Trouble {
  return { failure: { diagnosis }, commands: [] }
}

function failureFields(failure: Failure | undefined, expected: Expected) {
  if (failure === undefined) return {}
  const { diagnosis, expected: wanted, received } = failure
  return {
    diagnosis,
    ...(wanted !== undefined && { expected: wanted }),
    ...(received !== undefined && { received }),
    ...placeFields(failure, expected),
  }
}

function outerFields(failure: Failure, expected: Expected) {
  return { diagnosis: failure.diagnosis, ...placeFields(failure, expected) }
}

function placeFields({ file, line }: Failure, expected: Expected): { readonly at?: Place } {
  return file === undefined || line === undefined ? {} : { at: { file: expected.shown(file), line } }
}
