import { capitalize } from '../common/capitalize.ts'
import type { LessonSummary } from '../course/index.ts'
import { LESSON_KEYS, type LessonAction } from '../learner/index.ts'
import { nextLesson } from '../learner/learner.ts'
import { chooseLesson } from './choose-lesson.ts'
import { walkLesson } from './lesson.ts'
import { keysPage } from './lesson-actions.ts'
import { askPlacement } from './placement.ts'
import { progressPage } from './progress-page.ts'
import type { Choice, ReadingEnd } from './ui.ts'
import type { Walk } from './walk.ts'
import { welcome } from './welcome.ts'

/** What a key does in the lesson where the learner left off. */
type InLesson = Exclude<LessonAction, 'list' | 'next' | 'previous' | 'where'>
type HomeChoice =
  | 'continue'
  | 'workbench'
  | 'placement'
  | 'lessons'
  | 'progress'
  | 'keys'
  | 'leave'
  | InLesson

const IN_LESSON = LESSON_KEYS.filter(
  (one): one is typeof one & { readonly action: InLesson } =>
    !['list', 'next', 'previous', 'where'].includes(one.action),
)
const KEYS = [
  { key: 'n', does: 'starts or continues the next lesson' },
  { key: 'l', does: 'lists the lessons; choose one to go there' },
  { key: 'w', does: "shows what you've done" },
  ...IN_LESSON,
  { key: '?', does: 'shows this list' },
  { key: 'q', does: 'leaves' },
]

/** The guided walkthrough, until the learner leaves it. */
export async function walkThrough(walk: Walk): Promise<void> {
  const { learner, ui, palette } = walk
  ui.print(welcome(learner, palette, ui.width))
  let asked: HomeChoice | undefined
  for (;;) {
    const next = nextLesson(learner)
    const choice: HomeChoice =
      asked ?? (await ui.choose<HomeChoice>('What would you like to do?', homeChoices(walk, next)))
    asked = undefined
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
        ui.print(progressPage(learner, { palette, width: ui.width, hasMenu: next !== undefined }))
        break
      case 'keys':
        asked = choiceOf(await keysPage(walk, KEYS))
        break
      case 'leave':
        return
      default:
        if (next !== undefined) await walkFrom(walk, next, choice)
    }
  }
}

/** What a key on the page of keys asks for here. */
function choiceOf(end: ReadingEnd): HomeChoice | undefined {
  switch (end) {
    case 'end':
    case 'left':
    case 'previous':
      return undefined
    case 'next':
      return 'continue'
    case 'list':
      return 'lessons'
    case 'where':
      return 'progress'
    default:
      return end
  }
}

/** One lesson after the other, as long as the learner continues. `wish` is what they've asked for already. */
export async function walkFrom(walk: Walk, first: LessonSummary, wish?: ReadingEnd): Promise<void> {
  let onward = await walkLesson(walk, first, wish)
  while (onward !== undefined) onward = await walkLesson(walk, onward.to, onward.first)
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
      : [{ name: `${verb} ${next.number} · ${next.title}`, value: 'continue' as const, key: 'n' }]),
    ...(workbench === undefined
      ? []
      : [
          {
            name: 'Work in the browser, text and code on one page',
            value: 'workbench' as const,
          },
        ]),
    ...(isNew ? [{ name: 'I know some of this. Where should I start?', value: 'placement' as const }] : []),
    { name: 'All lessons', value: 'lessons', key: 'l' },
    { name: "What I've done", value: 'progress', key: 'w' },
    { name: 'Leave; ? shows all keys', short: 'Leave', value: 'leave', key: 'q' },
    { name: 'Keys', short: '', value: 'keys', key: '?', isHidden: true },
    ...(next === undefined ? [] : IN_LESSON).map(({ key, action, label }) => ({
      name: capitalize(label),
      value: action,
      key,
      isHidden: true,
    })),
  ]
}
