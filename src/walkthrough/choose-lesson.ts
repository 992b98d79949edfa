import { chapters, type LessonSummary } from '../course/index.ts'
import { nextLesson } from '../learner/learner.ts'
import { cut, stateSpan, textOf } from '../terminal/index.ts'
import type { Choice, Heading } from './ui.ts'
import type { Walk } from './walk.ts'

/** Lets the learner choose from all lessons, each with its state; undefined if they go back. */
export async function chooseLesson(
  { learner, ui, palette }: Pick<Walk, 'learner' | 'ui' | 'palette'>,
  preselected: LessonSummary | undefined = nextLesson(learner),
): Promise<LessonSummary | undefined> {
  const overview = learner.progress.overview()
  const row = (lesson: LessonSummary): Choice<LessonSummary | 'back'> => {
    const state = textOf(stateSpan(overview.lesson(lesson.slug).state, palette))
    // The menu's own pointer takes two columns; state and number stay whole where the title is cut.
    const title = cut(lesson.title, Math.max(8, ui.width - state.length - 11), palette)
    return { name: `${lesson.number} ${title} · ${state}`, value: lesson }
  }
  const choices = chapters(learner.course).flatMap(
    ({ number, title, lessons }): readonly (Choice<LessonSummary | 'back'> | Heading)[] => [
      { heading: cut(`${number} · ${title}`, ui.width - 2, palette) },
      ...lessons.map(row),
    ],
  )
  const here = learner.course.lessons.find(({ slug }) => slug === preselected?.slug)
  const chosen = await ui.choose<LessonSummary | 'back'>(
    'Which lesson? Type its number, then press Enter; q goes back.',
    [...choices, { name: 'Back', value: 'back', key: 'q' }],
    here,
  )
  return chosen === 'back' ? undefined : chosen
}
