import type { LessonSummary } from '../course/index.ts'
import { nextLesson } from '../learner/learner.ts'
import { chooseLesson } from './choose-lesson.ts'
import { walkLesson } from './lesson.ts'
import { askPlacement } from './placement.ts'
import { progressPage } from './progress-page.ts'
import type { Choice, ReadingEnd } from './ui.ts'
import type { Walk } from './walk.ts'
import { welcome } from './welcome.ts'

type HomeChoice = 'continue' | 'workbench' | 'placement' | 'lessons' | 'progress' | 'leave'

/** The guided walkthrough, until the learner leaves it. */
export async function walkThrough(walk: Walk): Promise<void> {
  const { learner, ui, palette } = walk
  ui.print(welcome(learner, palette, ui.width))
  for (;;) {
    const next = nextLesson(learner)
    const choice = await ui.choose<HomeChoice>('What would you like to do?', homeChoices(walk, next))
    switch (choice) {
      case 'continue':
        if (next !== undefined) await walkFrom(walk, next)
        break
      case 'workbench':
        await walk.workbench?.(next?.slug)
        break
      case 'placement':
        await askPlacement(walk)
        break
      case 'lessons': {
        const lesson = await chooseLesson(walk)
        if (lesson !== undefined) await walkFrom(walk, lesson)
        break
      }
      case 'progress':
        ui.print(progressPage(learner, { palette, width: ui.width }))
        break
      case 'leave':
        return
      default:
        choice satisfies never
    }
  }
}

/** One lesson after the other, as long as the learner continues. `wish` is what they've asked for already. */
export async function walkFrom(walk: Walk, first: LessonSummary, wish?: ReadingEnd): Promise<void> {
  let lesson = await walkLesson(walk, first, wish)
  while (lesson !== undefined) lesson = await walkLesson(walk, lesson)
}

function homeChoices(
  { learner, workbench }: Walk,
  next: LessonSummary | undefined,
): readonly Choice<HomeChoice>[] {
  const isBegun = next !== undefined && learner.progress.overview().lesson(next.slug).state !== 'new'
  const verb = isBegun ? 'Continue with' : 'Start'
  const isNew = learner.progress.overview().lessons.length === 0
  return [
    ...(next === undefined
      ? []
      : [{ name: `${verb} ${next.number} · ${next.title}`, value: 'continue' as const }]),
    ...(workbench === undefined
      ? []
      : [
          {
            name: 'Work in the browser, text and code on one page',
            value: 'workbench' as const,
          },
        ]),
    ...(isNew ? [{ name: 'I know some of this. Where should I start?', value: 'placement' as const }] : []),
    { name: 'All lessons', value: 'lessons' },
    { name: "What I've done", value: 'progress' },
    { name: 'Leave', value: 'leave', key: 'q' },
  ]
}
