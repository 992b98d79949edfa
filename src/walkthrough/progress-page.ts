import { self } from '../common/self.ts'
import { chapters, type LessonSummary } from '../course/index.ts'
import { chosenTrack, type Learner, nextCommand } from '../learner/learner.ts'
import { passedOf } from '../progress/index.ts'
import type { Palette } from '../terminal/palette.ts'
import { progressBar } from '../terminal/progress-bar.ts'
import { stateSpan } from '../terminal/symbols.ts'
import { cut, type Line, padded, paintLines, span } from '../terminal/text.ts'
import { widthOf } from '../terminal/width.ts'
import { wrap } from '../terminal/wrap.ts'

interface ProgressView {
  readonly palette: Palette
  readonly width: number
  /** There's a menu below that says where to continue. */
  readonly hasMenu?: boolean
}

/** What has been done: a bar for each chapter, what needs attention, and where to continue. */
export function progressPage(learner: Learner, { palette, width, hasMenu = false }: ProgressView): string {
  const all = chapters(learner.course)
  const track = chosenTrack(learner)
  const named = track === undefined ? '' : `Your track: ${track.name}`
  const widest = Math.max(widthOf(named), ...all.map(({ title }) => widthOf(title) + 4))
  const room = Math.min(widest, Math.max(16, width - 28))
  const bars = all.map(
    ({ number, title, lessons }): Line => [
      ...padded(cut(`${number} · ${title}`, room, palette), room + 2),
      ...bar(learner, lessons, 10, palette),
    ],
  )
  const sections = [
    [[...padded(span('The course', 'bold'), room + 2), ...bar(learner, learner.course.lessons, 10, palette)]],
    track === undefined
      ? []
      : [
          [
            ...padded(span(cut(named, room, palette), 'bold'), room + 2),
            ...bar(learner, track.lessons, 10, palette),
          ],
          ...wrap(`To leave it: ${self} start --track all`, { width }),
        ],
    bars,
    unfinished(learner, palette, width),
    hasMenu ? [] : ending(learner, width),
  ]
  const shown = sections.filter((lines) => lines.length > 0)
  return paintLines(
    shown.flatMap((lines, index) => (index === 0 ? lines : [[], ...lines])),
    palette,
  )
}

function bar(learner: Learner, lessons: readonly LessonSummary[], width: number, palette: Palette): Line {
  const overview = learner.progress.overview()
  const passed = passedOf(overview, lessons)
  return progressBar(passed, lessons.length, width, palette)
}

/** Lessons that were started and not passed, passed with help, broken since, or passed in part. */
function unfinished(learner: Learner, palette: Palette, width: number): readonly Line[] {
  const overview = learner.progress.overview()
  return learner.course.lessons.flatMap(({ slug }): readonly Line[] => {
    const lesson = overview.lesson(slug)
    const remarks = [
      ...(lesson.attempts > 0 ? [`${lesson.attempts} ${lesson.attempts === 1 ? 'check' : 'checks'}`] : []),
      ...(lesson.brokenSince === undefined ? [] : ['its last check failed']),
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

function ending(learner: Learner, width: number): readonly Line[] {
  const command = nextCommand(learner)
  return wrap(command === undefined ? "You've done all the lessons." : `Continue with: ${command}`, { width })
}
