import { chapters, type LessonSummary } from '../course/index.ts'
import { chosenTrack, type Desk, nextCommand } from '../learner/learner.ts'
import { passedOf } from '../progress/index.ts'
import type { Palette } from '../terminal/palette.ts'
import { progressBar } from '../terminal/progress-bar.ts'
import { stateSpan } from '../terminal/symbols.ts'
import { cut, type Line, padded, paintLines, span } from '../terminal/text.ts'
import { widthOf } from '../terminal/width.ts'
import { wrap } from '../terminal/wrap.ts'

/** What has been done: a bar for each chapter, what needs attention, and where to continue. */
export function progressPage(
  desk: Desk,
  { palette, width }: { readonly palette: Palette; readonly width: number },
): string {
  const all = chapters(desk.course)
  const room = Math.min(Math.max(...all.map(({ title }) => widthOf(title) + 4)), Math.max(16, width - 28))
  const bars = all.map(
    ({ number, title, lessons }): Line => [
      ...padded(cut(`${number} · ${title}`, room, palette), room + 2),
      ...bar(desk, lessons, 10, palette),
    ],
  )
  const sections = [
    [[...padded(span('The course', 'bold'), room + 2), ...bar(desk, desk.course.lessons, 10, palette)]],
    trackLines(desk, room, palette, width),
    bars,
    unfinished(desk, palette, width),
    ending(desk, width),
  ]
  const shown = sections.filter((lines) => lines.length > 0)
  return paintLines(
    shown.flatMap((lines, index) => (index === 0 ? lines : [[], ...lines])),
    palette,
  )
}

function trackLines(desk: Desk, room: number, palette: Palette, width: number): readonly Line[] {
  const track = chosenTrack(desk)
  if (track === undefined) return []
  return [
    [
      ...padded(span(`Your track: ${track.name}`, 'bold'), room + 2),
      ...bar(desk, track.lessons, 10, palette),
    ],
    ...wrap('To leave it: npx eventlings start --track all', { width }),
  ]
}

function bar(desk: Desk, lessons: readonly LessonSummary[], width: number, palette: Palette): Line {
  const overview = desk.progress.overview()
  const passed = passedOf(overview, lessons)
  return progressBar(passed, lessons.length, width, palette)
}

/** Lessons that were started and not passed, passed with help, broken since, or passed in part. */
function unfinished(desk: Desk, palette: Palette, width: number): readonly Line[] {
  const overview = desk.progress.overview()
  return desk.course.lessons.flatMap(({ slug }): readonly Line[] => {
    const lesson = overview.lesson(slug)
    const remarks = [
      ...(lesson.attempts > 0 ? [`${lesson.attempts} ${lesson.attempts === 1 ? 'check' : 'checks'}`] : []),
      ...(lesson.brokenSince === undefined ? [] : ['you changed your answer, and it fails now']),
      ...(lesson.skippedTasks === 0
        ? []
        : [`${lesson.skippedTasks} skipped, needing a real server or a cluster`]),
    ]
    const isWhole = lesson.brokenSince === undefined && lesson.skippedTasks === 0
    if (lesson.state === 'new' || (lesson.state === 'passed' && isWhole)) return []
    const remark = remarks.length === 0 ? [] : [span(` (${remarks.join(', ')})`, 'dim')]
    return wrap([span(`${slug}  `), stateSpan(lesson.state, palette), ...remark], { width, rest: '    ' })
  })
}

function ending(desk: Desk, width: number): readonly Line[] {
  const command = nextCommand(desk)
  return wrap(command === undefined ? "You've done all the lessons." : `Continue with: ${command}`, { width })
}
