import type { Overview, Shown } from '../../../classroom/api.ts'
import { AttemptView, codeBefore } from './attempt.tsx'
import { Sentence } from './sentence.tsx'
import { useParticipant } from './use-participant.ts'

interface ReviewProps {
  readonly shown: Shown
  readonly overview: Overview
}

/** What the instructor has put on the wall for everyone to look at. */
export function Review({ shown, overview }: ReviewProps) {
  if (shown.kind === 'attempt') return <ReviewAttempt shown={shown} overview={overview} />
  return (
    <p class="shown">
      <Sentence text={shown.text} />
    </p>
  )
}

interface ReviewAttemptProps {
  readonly shown: Extract<Shown, { readonly kind: 'attempt' }>
  readonly overview: Overview
}

/** An attempt without a name. The participant may take back their code, or leave: then it's gone here, too. */
function ReviewAttempt({ shown, overview }: ReviewAttemptProps) {
  const page = useParticipant(shown.participant, overview)
  if (page.kind === 'loading') return <p role="status">Loading …</p>
  const attempts = page.kind === 'participant' ? page.attempts : []
  const index = attempts.findIndex(({ eventId }) => eventId === shown.eventId)
  const attempt = attempts[index]
  if (attempt === undefined) return <p role="status">That attempt isn't here anymore.</p>
  return (
    <>
      <h2 class="only-read">An attempt for review</h2>
      <AttemptView attempt={attempt} before={codeBefore(attempts, index)} />
    </>
  )
}
