import type { CheckResult, TaskResult } from '../check/index.ts'
import type { LessonSummary } from '../course/index.ts'

/** Lessons as a JUnit report: each is a suite, and each of its tasks a case. One without an answer has failed. */
export function junitReport(
  results: readonly CheckResult[],
  missing: readonly Pick<LessonSummary, 'slug'>[],
): string {
  const suites = [
    ...results.map((result) => suite(result.lesson, cases(result), result.ms)),
    ...missing.map(({ slug }) => suite(slug, [{ name: 'answer', failure: ["There's no answer yet."] }], 0)),
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="eventlings">\n${suites.join('')}</testsuites>\n`
}

interface Case {
  readonly name: string
  /** What's wrong, and then what else helps to see why. */
  readonly failure?: readonly string[]
  readonly skipped?: string
}

function cases({ tasks, passed, diagnosis }: CheckResult): readonly Case[] {
  const each = tasks.map(caseOf)
  // An answer that couldn't run, or that ended the run, may have no task that failed.
  if (passed || each.some(({ failure }) => failure !== undefined)) return each
  return [{ name: 'answer', failure: [diagnosis ?? "The answer couldn't be checked."] }, ...each]
}

function caseOf({ task, state, diagnosis, reason, ...seen }: TaskResult): Case {
  if (state === 'passed') return { name: task }
  if (state !== 'failed') return { name: task, skipped: reason ?? "The answer didn't get this far." }
  const details = [
    ...(seen.at === undefined ? [] : [`at ${seen.at.file}:${seen.at.line}`]),
    ...(seen.expected === undefined ? [] : [`expected: ${seen.expected}`]),
    ...(seen.received === undefined ? [] : [`received: ${seen.received}`]),
  ]
  return { name: task, failure: [diagnosis ?? seen.test ?? 'This task failed.', ...details] }
}

function suite(name: string, cases: readonly Case[], ms: number): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length
  const skipped = cases.filter((one) => one.skipped !== undefined).length
  const head = `name="${xml(name)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${(ms / 1000).toFixed(3)}"`
  return `  <testsuite ${head}>\n${cases.map((one) => testcase(name, one)).join('')}  </testsuite>\n`
}

function testcase(lesson: string, { name, failure, skipped }: Case): string {
  const open = `    <testcase classname="${xml(lesson)}" name="${xml(name)}"`
  if (skipped !== undefined) return `${open}>\n      <skipped message="${xml(skipped)}"/>\n    </testcase>\n`
  const [message] = failure ?? []
  if (failure === undefined || message === undefined) return `${open}/>\n`
  const text = xml(failure.join('\n'))
  return `${open}>\n      <failure message="${xml(message)}">${text}</failure>\n    </testcase>\n`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML can't contain most control characters, not even escaped. */
function xml(text: string): string {
  const readable = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
  return readable.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}
