import { useEffect, useState } from 'preact/hooks'
import type { Overview, ParticipantPage } from '../../../classroom/api.ts'
import { RunView } from '../run/run-view.tsx'
import { AttemptView, codeBefore } from './attempt.tsx'
import { AttemptLights } from './attempt-lights.tsx'
import { ReviewOnWall } from './review-on-wall.tsx'
import { useRun } from './use-run.ts'

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
  const before = codeBefore(attempts, index)
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
      <ReviewOnWall
        key={attempt.eventId}
        label="Review on the wall"
        command={{ do: 'show attempt', participant: row.id, eventId: attempt.eventId }}
        preview={<AttemptView attempt={attempt} before={before} />}
      >
        <AttemptView attempt={attempt} before={before} place={`${index + 1} of ${attempts.length}`} />
      </ReviewOnWall>
      {attempt.run && <Run key={`run ${attempt.eventId}`} participant={row.id} eventId={attempt.eventId} />}
    </section>
  )
}

/** What the attempt did in Redis, if it was recorded and shared. */
function Run({ participant, eventId }: { readonly participant: string; readonly eventId: string }) {
  const run = useRun(participant, eventId)
  if (typeof run !== 'object') return <p role="status">{run ?? 'Loading …'}</p>
  return (
    <section aria-labelledby="run">
      <h2 id="run">What happened in Redis</h2>
      <ReviewOnWall
        label="Show this run on the wall"
        command={{ do: 'show attempt', participant, eventId, run: true }}
        preview={<RunView recording={run} fromTheStart />}
      >
        <RunView recording={run} />
      </ReviewOnWall>
    </section>
  )
}
