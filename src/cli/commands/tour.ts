import { Exit, UsageError } from '../../common/exit.ts'
import { findTrack } from '../../course/index.ts'
import { table } from '../../terminal/table.ts'
import { rehearse, type TourLesson, type TourReport } from '../../walkthrough/tour.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { flag, json, text } from '../flags.ts'
import { withSession } from '../with-session.ts'

export const command = defineCommand({
  flags: {
    auto: flag('walk through it automatically'),
    track: text('name', 'the track; default: all'),
    json,
  },
  examples: [['tour --auto --track half-day', 'the evening before a class']],
  run: async (context, _args, flags) => {
    if (!flags.auto) {
      throw new UsageError(
        `A tour runs automatically: ${self} tour --auto. For the guided walkthrough: npm start`,
      )
    }
    const learner = await context.learner()
    const track = findTrack(learner.course, flags.track ?? 'all')
    if (track.lessons.length === 0) throw new UsageError(`None of the lessons in ${track.name} exist yet.`)
    const quiet = flags.json
    if (!quiet) context.print(`${track.title}\n`)
    const report = await withSession(
      context,
      learner,
      (session) => rehearse(learner.course, track.lessons, session, (lesson) => tell(context, lesson, quiet)),
      { stayWarm: true },
    )
    if (quiet) context.printJson({ track: track.name, ...report })
    else print(context, report)
    return report.ok ? Exit.passed : Exit.notPassed
  },
})

/** A terminal shows the progress; a pipe gets only the table. */
function tell({ output, note }: Context, { lesson, ok }: TourLesson, quiet: boolean): void {
  if (!quiet && output.isTTY) note(`${lesson} ${ok ? 'is fine' : 'has problems'}`)
}

function print({ print, palette, width }: Context, { lessons, ok, redis, ms }: TourReport): void {
  const rows = lessons.map((one) => [
    one.lesson,
    one.ok ? (one.skipped === 0 ? 'ok' : `ok, ${one.skipped} skipped`) : 'off',
    `${one.starterMs} ms`,
    `${one.solutionMs} ms`,
  ])
  const header = ['Lesson', 'Verdict', 'Starter', 'Solution']
  print(`\n${table(rows, { width, palette, header, align: ['left', 'left', 'right', 'right'] })}`)
  for (const { lesson, problems } of lessons) for (const problem of problems) print(`\n${lesson}: ${problem}`)
  const off = lessons.filter((one) => !one.ok).length
  const verdict = ok
    ? `All ${lessons.length} lessons are fine`
    : `${off} of ${lessons.length} lessons have problems`
  print(`\n${verdict}, on ${redis}, in ${(ms / 1000).toFixed(1)} s.`)
}
