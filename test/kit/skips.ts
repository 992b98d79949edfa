import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node'

/** Vitest gives every reporter an object of options, usually an empty one. */
export interface SkipReporterOptions {
  print?(line: string): void
  readonly strict?: boolean
}

/**
 * A Vitest reporter: lists at the end what was skipped and why. Where everything was installed on purpose (`.ci/run`
 * sets CI), a skipped test fails the run.
 */
export default class SkipReporter implements Reporter {
  private root = process.cwd()
  private filtered = false
  private readonly print: (line: string) => void
  private readonly strict: boolean

  constructor({
    print = (line: string) => console.log(line),
    strict = process.env.CI === 'true',
  }: SkipReporterOptions = {}) {
    this.print = print
    this.strict = strict
  }

  onInit(vitest: Vitest): void {
    this.root = vitest.config.root
    this.filtered = vitest.config.testNamePattern !== undefined // `-t` skips everything else on purpose
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.filtered) return
    const reasons = new Map<string, string[]>()
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        if (test.options.mode === 'todo') continue
        const reason = reasonOf(test)
        const place = `${relative(this.root, module.moduleId)} › ${bare(test.fullName)}`
        reasons.set(reason, [...(reasons.get(reason) ?? []), place])
      }
    }
    for (const line of summary(reasons, this.strict)) this.print(line)
    if (this.strict && reasons.size > 0) process.exitCode = 1
  }
}

const IN_TITLE = / \(skipped: ([^)]*)\)/

function reasonOf(test: TestCase): string {
  const result = test.result()
  const noted = result.state === 'skipped' ? result.note : undefined
  const inLesson = /[\\/]test[\\/]lessons[\\/]/.test(test.module.moduleId)
  return (
    IN_TITLE.exec(test.fullName)?.[1] ??
    noted ??
    (inLesson ? 'the Redis in use lacks what the task needs' : 'no reason given')
  )
}

function bare(title: string): string {
  return title.replace(new RegExp(IN_TITLE, 'g'), '')
}

function summary(reasons: ReadonlyMap<string, readonly string[]>, strict: boolean): readonly string[] {
  const count = [...reasons.values()].reduce((sum, places) => sum + places.length, 0)
  if (count === 0) return []
  return [
    '',
    ` ${count === 1 ? '1 test was' : `${count} tests were`} skipped:`,
    ...[...reasons].flatMap(([reason, places]) => [
      `   ${reason}`,
      ...places.map((place) => `     ${place}`),
    ]),
    ...(strict ? [' Nothing may be skipped here (CI is set), so this run fails.'] : []),
    '',
  ]
}
