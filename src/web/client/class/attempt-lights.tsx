import { Fragment } from 'preact'
import type { Attempt, LessonHead } from '../../../classroom/api.ts'
import { timeOfDay } from './clock.tsx'

interface Look {
  readonly sign: string
  readonly word: string
  readonly color: string
}

/** How an attempt ended: by sign and word, too, and not by color alone. */
function lookOf({ passed, unbegun, task }: Attempt): Look {
  if (passed) return { sign: '✓', word: 'passed', color: 'passed' }
  if (unbegun) return { sign: '·', word: 'not started', color: 'new' }
  return task === undefined
    ? { sign: '!', word: "didn't run", color: 'skipped' }
    : { sign: '✗', word: `failed at ${task}`, color: 'failing' }
}

interface AttemptLightsProps {
  readonly attempts: readonly Attempt[]
  /** The ID of its event. */
  readonly chosen: string
  readonly lessons: readonly LessonHead[]
  readonly onChoose: (eventId: string) => void
}

/** One light for each attempt, oldest first. They're radio buttons, so the arrow keys step through them. */
export function AttemptLights({ attempts, chosen, lessons, onChoose }: AttemptLightsProps) {
  const numbers = new Map(lessons.map(({ slug, number }) => [slug, number]))
  return (
    <fieldset class="attempt-lights">
      <legend class="only-read">Every attempt, oldest first</legend>
      {attempts.map((attempt, index) => {
        const { eventId, slug, at } = attempt
        const { sign, word, color } = lookOf(attempt)
        const number = numbers.get(slug) ?? slug
        const label = `${number}, ${timeOfDay(at)}: ${word}`
        return (
          <Fragment key={eventId}>
            {slug !== attempts[index - 1]?.slug && (
              <span class="lesson" aria-hidden="true">
                {number}
              </span>
            )}
            <label class={`light ${color}`} title={label}>
              <input
                type="radio"
                name="attempt"
                aria-label={label}
                checked={eventId === chosen}
                onChange={() => onChoose(eventId)}
              />
              <span aria-hidden="true">{sign}</span>
            </label>
          </Fragment>
        )
      })}
    </fieldset>
  )
}
