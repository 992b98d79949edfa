import type { LessonHead, LessonStatus, Status } from '../../../classroom/api.ts'
import { counted } from './counted.ts'

interface Look {
  readonly sign: string
  readonly word: string
}

/** Shown by sign and word, too, and not by color alone. */
export const looks: Readonly<Record<Status, Look>> = {
  new: { sign: '·', word: 'not started' },
  working: { sign: '◐', word: 'working' },
  failing: { sign: '✗', word: 'failing' },
  passed: { sign: '✓', word: 'passed' },
  'passed-after-solution': { sign: '✔', word: 'passed after the solution' },
  skipped: { sign: '»', word: 'skipped' },
}

export const statuses = Object.keys(looks) as readonly Status[]

const none: LessonStatus = { light: 'new', attempts: 0, hints: 0 }

export function StatusCell({
  lesson,
  state = none,
}: {
  readonly lesson: LessonHead
  readonly state?: LessonStatus | undefined
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
            <span key={task} class={taskLooks[state.tasks?.[index] ?? '-']?.status ?? ''}>
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
const taskLooks: Readonly<Record<string, Look & { readonly status: string }>> = {
  p: { sign: '✓', word: 'passed', status: 'passed' },
  f: { sign: '✗', word: 'failing', status: 'failing' },
  s: { sign: '»', word: 'skipped', status: 'skipped' },
  '-': { sign: '·', word: 'not tried', status: 'new' },
}

/** What the signs mean. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Signs">
      {statuses.map((status) => (
        <li key={status}>
          <span class={`light ${status}`} aria-hidden="true">
            {looks[status].sign}
          </span>{' '}
          {looks[status].word}
        </li>
      ))}
    </ul>
  )
}
