import { availableParallelism } from 'node:os'
import { checkLessons, type Finding, formatFinding, type LessonReport } from '../../../authoring/index.ts'
import { Exit } from '../../../common/exit.ts'
import { BadLessonError, findLesson } from '../../../course/index.ts'
import { paintLines, span } from '../../../terminal/text.ts'
import { wrap } from '../../../terminal/wrap.ts'
import { defineCommand } from '../../command.ts'
import type { Context } from '../../context.ts'
import { flag, json } from '../../flags.ts'
import { withSessions } from '../../with-session.ts'

export const command = defineCommand({
  flags: {
    thorough: flag('check each answer twice, report verdicts that differ, and name every line'),
    json,
  },
  examples: [
    ['dev check', 'all lessons'],
    ['dev check 01 02', 'two of them'],
    ['dev check 07 --thorough', 'also finds verdicts that depend on luck'],
  ],
  run: async (context, named, flags) => {
    const learner = await context.learner().catch((problem: unknown) => {
      if (problem instanceof BadLessonError) return problem
      throw problem
    })
    const asData = flags.json
    if (learner instanceof BadLessonError) {
      // Until the course can be read as a whole, there's nothing else to report.
      const findings = [formatFinding(learner)]
      if (asData) context.printJson({ ok: false, lessons: [], findings, ms: 0 })
      else printFindings(context, findings)
      return Exit.notPassed
    }
    const { course } = learner
    const slugs = (named.length === 0 ? course.lessons : named.map((text) => findLesson(course, text))).map(
      ({ slug }) => slug,
    )
    const onLesson = asData ? {} : { onLesson: (report: LessonReport) => printLesson(context, report) }
    const report = await withSessions(context, learner, await howMany(context), (sessions) =>
      checkLessons({ course, slugs, sessions, thorough: flags.thorough, ...onLesson }),
    )
    if (asData) {
      context.printJson(report)
      return report.ok ? Exit.passed : Exit.notPassed
    }
    printFindings(context, report.findings)
    const checks = report.lessons.reduce((sum, lesson) => sum + lesson.checks, 0)
    const verdict = report.ok ? 'Everything is right' : 'There are errors'
    context.print(`\n${verdict}: ${checks} checks in ${(report.ms / 1000).toFixed(1)} s.`)
    return report.ok ? Exit.passed : Exit.notPassed
  },
})

/** One per core; a Redis that isn't ours can only be used by one at a time. */
async function howMany(context: Context): Promise<number> {
  const wish = (await context.preference()) ?? context.env.EVENTLINGS_REDIS ?? 'auto'
  if (wish.includes('://')) return 1
  return Math.min(4, availableParallelism())
}

function printLesson(context: Context, { lesson, ok, checks, ms, findings }: LessonReport): void {
  const { palette } = context
  const symbol = palette.unicode ? (ok ? '✓' : '✗') : ok ? '+' : 'x'
  const verdict = palette.paint(`${symbol} ${ok ? 'passes' : 'fails '}`, ok ? 'green' : 'red')
  context.print(`${verdict}  ${lesson}  ${checks} checks, ${(ms / 1000).toFixed(1)} s`)
  printFindings(context, findings)
}

function printFindings({ palette, width, print }: Context, findings: readonly Finding[]): void {
  for (const { level, rule, file, problem } of findings) {
    const label = level === 'error' ? span(rule, 'red') : span(`${rule} (warning)`, 'yellow')
    const place = file === undefined ? [] : [span(file, 'bold'), span(': ')]
    print(
      paintLines(
        wrap([...place, span(problem)], { width, first: [span('    '), label, span('  ')], rest: '      ' }),
        palette,
      ),
    )
  }
}
