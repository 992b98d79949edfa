import { chosenTrack, type Learner, lessonsAhead } from '../learner/learner.ts'
import { passedOf } from '../progress/index.ts'
import { type Palette, paintLines, span, type Text, wrap } from '../terminal/index.ts'

/** Six lines, each short enough for 60 columns: what this is, how it works, and how to leave. */
export function welcome(learner: Learner, palette: Palette, width: number): string {
  const { course, progress } = learner
  const overview = progress.overview()
  const track = chosenTrack(learner)
  const lessons = lessonsAhead(learner)
  const passed = passedOf(overview, lessons)
  const inTrack = track === undefined ? '' : `in the track ${track.name} `
  const isNew = overview.lessons.length === 0
  const lines: readonly Text[] = [
    span('eventlings: event sourcing on Redis, in small steps', 'bold'),
    isNew
      ? `${course.lessons.length} lessons; most take 25 to 40 minutes.`
      : `Welcome back. ${passed} of ${lessons.length} lessons ${inTrack}passed so far.`,
    'You read a little, then write a little in your own editor.',
    "A check runs it against Redis and says what's wrong.",
    "Hints come one at a time, and there's a solution, too.",
    'Ctrl-C quits at any time; everything you did is kept.',
  ]
  return paintLines(
    lines.flatMap((line) => wrap(line, { width })),
    palette,
  )
}
