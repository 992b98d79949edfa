import { passedOf } from '../progress/index.ts'
import { type Palette, paintLines, span, type Text, wrap } from '../terminal/index.ts'
import type { Desk } from './desk.ts'

/** Six lines, each short enough for 60 columns: what this is, how it works, and how one leaves. */
export function welcome({ course, progress }: Desk, palette: Palette, width: number): string {
  const overview = progress.overview()
  const passed = passedOf(overview, course.lessons)
  const isNew = overview.lessons.length === 0
  const lines: readonly Text[] = [
    span('eventlings: event sourcing on Redis, in small steps', 'bold'),
    isNew
      ? `${course.lessons.length} lessons; each takes 20 to 40 minutes.`
      : `Welcome back. ${passed} of ${course.lessons.length} lessons passed so far.`,
    'You read a little, and write a little in your own editor.',
    'A check runs it against a Redis and says what is wrong.',
    'Hints come one at a time; the solution is there, too.',
    'Ctrl-C leaves at any time; everything you did is kept.',
  ]
  return paintLines(
    lines.flatMap((line) => wrap(line, { width })),
    palette,
  )
}
