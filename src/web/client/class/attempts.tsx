import { useEffect, useState } from 'preact/hooks'
import type { Overview, ParticipantPage } from '../../../classroom/api.ts'
import { codeBefore } from './attempt.tsx'
import { AttemptLights } from './attempt-lights.tsx'
import { ShowAttempt } from './show-attempt.tsx'

interface AttemptsProps {
  readonly page: ParticipantPage
  readonly overview: Overview | undefined
}

/** Every attempt of a participant as a light, and the chosen one in full. */
export function Attempts({ page: { row, attempts }, overview }: AttemptsProps) {
  // By its ID, which an address may have, because earlier attempts drop out as new ones come.
  const [chosen, setChosen] = useState(location.hash.slice(1))
  useEffect(() => {
    if (chosen !== '') history.replaceState(null, '', `#${chosen}`)
  }, [chosen])
  const found = attempts.findIndex(({ eventId }) => eventId === chosen)
  // Without a choice it's the newest, even when a newer one arrives.
  const index = found === -1 ? attempts.length - 1 : found
  const attempt = attempts[index]
  if (attempt === undefined) return <p>No checks yet.</p>
  const step = (by: number) => setChosen(attempts[index + by]?.eventId ?? '')
  return (
    <section aria-labelledby="attempts">
      <h2 id="attempts">Attempts</h2>
      <AttemptLights
        attempts={attempts}
        chosen={attempt.eventId}
        lessons={overview?.class.lessons ?? []}
        onChoose={setChosen}
      />
      <p class="step">
        <button type="button" disabled={index <= 0} onClick={() => step(-1)}>
          ← Earlier
        </button>{' '}
        <button type="button" disabled={index >= attempts.length - 1} onClick={() => step(1)}>
          Later →
        </button>
      </p>
      <ShowAttempt
        key={attempt.eventId}
        attempt={attempt}
        before={codeBefore(attempts, index)}
        place={`${index + 1} of ${attempts.length}`}
        participant={row.id}
      />
    </section>
  )
}
