import { chapters, type LessonSummary } from '../course/index.ts'
import { currentLesson, type Learner } from '../learner/learner.ts'
import type { Palette } from '../terminal/palette.ts'
import { stateSpan } from '../terminal/symbols.ts'
import { cut, type Line, lineWidth, padded, paintLines, span } from '../terminal/text.ts'
import { widthOf } from '../terminal/width.ts'

/** Lessons by chapter, each with its state as symbol and word; the current one has an arrow. Default: all lessons. */
export function lessonTable(
  learner: Learner,
  { palette, width }: { readonly palette: Palette; readonly width: number },
  lessons: readonly LessonSummary[] = learner.course.lessons,
): string {
  const overview = learner.progress.overview()
  const current = currentLesson(learner)
  const state = (slug: string) => stateSpan(overview.lesson(slug).state, palette)
  const states = Math.max(...lessons.map(({ slug }) => lineWidth(state(slug))))
  const widest = Math.max(...lessons.map(({ title }) => widthOf(title)))
  // Arrow and number come before the title; `123 min` and the state come after it.
  const titles = Math.max(12, Math.min(widest, width - 5 - 9 - 2 - states))
  const shown = chapters(learner.course).map((chapter) => ({
    ...chapter,
    lessons: chapter.lessons.filter((lesson) => lessons.includes(lesson)),
  }))
  const filled = shown.filter((chapter) => chapter.lessons.length > 0)
  const lines = filled.flatMap((chapter, index): readonly Line[] => [
    ...(index === 0 ? [] : [[]]),
    [span(cut(`${chapter.number} · ${chapter.title}`, width, palette), 'bold')],
    ...chapter.lessons.map(({ slug, number, title, minutes }) => [
      span(slug === current?.slug ? (palette.unicode ? '→ ' : '> ') : '  ', 'cyan'),
      span(`${number} `, 'dim'),
      ...padded(cut(title, titles, palette), titles),
      ...padded(span(`${minutes} min`, 'dim'), 9, 'left'),
      span('  '),
      state(slug),
    ]),
  ])
  return paintLines(lines, palette)
}
