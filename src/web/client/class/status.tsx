import type { LessonHead, LessonLight, Light } from '../../../classroom/api.ts'
import { counted } from './counted.ts'

interface Look {
  readonly sign: string
  readonly word: string
}

/** Shown by sign and word, too, and not by color alone. */
export const looks: Readonly<Record<Light, Look>> = {
  new: { sign: '·', word: 'not started' },
  working: { sign: '◐', word: 'working' },
  failing: { sign: '✗', word: 'failing' },
  passed: { sign: '✓', word: 'passed' },
  'passed-after-solution': { sign: '✔', word: 'passed after the solution' },
  skipped: { sign: '»', word: 'skipped' },
}

export const lightNames = Object.keys(looks) as readonly Light[]

const none: LessonLight = { light: 'new', attempts: 0, hints: 0 }

export function LightCell({
  lesson,
  state = none,
}: {
  readonly lesson: LessonHead
  readonly state?: LessonLight | undefined
}) {
  const { sign, word } = looks[state.light]
  const checks = state.attempts === 0 ? '' : `, ${counted(state.attempts, 'check')}`
  const hints = state.hints === 0 ? '' : `, ${counted(state.hints, 'hint')}`
  const { tasks = [] } = lesson
  const told = tasks.map((task, index) => `${task} ${taskLooks[state.tasks?.[index] ?? '-']?.word ?? ''}`)
  const label = `${lesson.number} ${lesson.title}: ${word}${checks}${hints}${told.length > 0 ? `; ${told.join(', ')}` : ''}`
  return (
    <td class={`light ${state.light}`} title={label}>
      <span aria-hidden="true">{sign}</span>
      {tasks.length > 1 && state.tasks !== undefined && (
        <span class="tasks" aria-hidden="true">
          {tasks.map((task, index) => (
            <span key={task} class={taskLooks[state.tasks?.[index] ?? '-']?.light ?? ''}>
              {taskLooks[state.tasks?.[index] ?? '-']?.sign}
            </span>
          ))}
        </span>
      )}
      <span class="only-read">{`${word}${checks}${hints}; ${told.join(', ')}`}</span>
    </td>
  )
}

/** By the letter that a hub sends for a task. */
const taskLooks: Readonly<Record<string, Look & { readonly light: string }>> = {
  p: { sign: '✓', word: 'passed', light: 'passed' },
  f: { sign: '✗', word: 'failing', light: 'failing' },
  s: { sign: '»', word: 'skipped', light: 'skipped' },
  '-': { sign: '·', word: 'not tried', light: 'new' },
}

/** What the signs mean. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Signs">
      {lightNames.map((light) => (
        <li key={light}>
          <span class={`light ${light}`} aria-hidden="true">
            {looks[light].sign}
          </span>{' '}
          {looks[light].word}
        </li>
      ))}
    </ul>
  )
}
