import { useState } from 'preact/hooks'
import type { Attempt } from '../../../classroom/api.ts'
import { AttemptView } from './attempt.tsx'
import { useLead } from './use-lead.ts'

interface ShowAttemptProps {
  readonly attempt: Attempt
  readonly before: string | undefined
  readonly place: string
  readonly participant: string
}

/**
 * An attempt, and a way to put it on the wall for everyone to review, once the instructor has seen it as the wall shows it: without a
 * name, unless the code has one.
 */
export function ShowAttempt({ attempt, before, place, participant }: ShowAttemptProps) {
  const { lead, problem } = useLead()
  const [isPreview, setPreview] = useState(false)
  if (!isPreview) {
    return (
      <>
        <AttemptView attempt={attempt} before={before} place={place} />
        <button type="button" onClick={() => setPreview(true)}>
          Review on the wall …
        </button>
      </>
    )
  }
  const show = async () => {
    if (await lead({ do: 'show attempt', participant, eventId: attempt.eventId })) setPreview(false)
  }
  return (
    <section class="preview" aria-labelledby="preview">
      <h3 id="preview">On the wall, without a name</h3>
      <p class="quiet-text">Does the code, or a comment in it, say whose it is?</p>
      <AttemptView attempt={attempt} before={before} />
      <button type="button" onClick={show}>
        Show it
      </button>{' '}
      <button type="button" onClick={() => setPreview(false)}>
        Cancel
      </button>
      <p class="problem" role="status">
        {problem}
      </p>
    </section>
  )
}
