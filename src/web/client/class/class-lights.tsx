import type { Overview } from '../../../classroom/api.ts'

/** More than that don't fit on a wall; the bars show the same. */
const MOST = 150

const looks = [
  { letter: 'p', sign: '✓', status: 'passed', word: 'passed' },
  { letter: 's', sign: '»', status: 'skipped', word: 'skipped' },
  { letter: 'f', sign: '✗', status: 'failing', word: 'failing' },
  { letter: '-', sign: '·', status: 'new', word: 'not tried' },
] as const

/** A light for everyone at each task of the lesson where the class is. They're sorted, so none is anyone's. */
export function ClassLights({
  overview: { class: head, announcements, participants },
}: {
  readonly overview: Overview
}) {
  const lesson = head.lessons.find(({ slug }) => slug === announcements.position)
  const { slug = '', tasks = [] } = lesson ?? {}
  if (tasks.length === 0 || participants.length === 0 || participants.length > MOST) return null
  const marks = participants.map(({ lessons }) => lessons[slug]?.tasks ?? '')
  return (
    <ul class="class-lights" aria-label="Lights, without names">
      {tasks.map((task, index) => {
        const letters = marks.map((mark) => mark[index] ?? '-')
        const counts = looks.map((look) => ({
          ...look,
          count: letters.filter((one) => one === look.letter).length,
        }))
        const told = counts.filter(({ count }) => count > 0).map(({ count, word }) => `${count} ${word}`)
        return (
          <li key={task} class="task-lights">
            <span class="name">{task}</span>
            <span class="row" aria-hidden="true">
              {counts.map(({ sign, status, count }) => (
                <span key={status} class={`light ${status}`}>
                  {sign.repeat(count)}
                </span>
              ))}
            </span>
            <span class="told">{told.join(', ')}</span>
          </li>
        )
      })}
    </ul>
  )
}
