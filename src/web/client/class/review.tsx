import type { Overview, Shown } from '../../../classroom/api.ts'
import { RunView, type Stepper } from '../run/run-view.tsx'
import { Sentence } from '../sentence.tsx'
import { AttemptView, codeBefore } from './attempt.tsx'
import { useParticipant } from './use-participant.ts'
import { useRun } from './use-run.ts'

interface ReviewProps {
  readonly shown: Shown
  readonly overview: Overview
  /** For the clicker, if it's something with steps. */
  readonly stepper: { current: Stepper | undefined }
}

/** What the instructor has put on the wall for everyone to look at. */
export function Review({ shown, overview, stepper }: ReviewProps) {
  if (shown.kind === 'attempt' && shown.run) {
    const { participant, eventId } = shown
    return <ReviewRun key={eventId} {...{ participant, eventId, overview, stepper }} />
  }
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
  if (page.kind === 'problem') return <p role="status">{page.sentence}</p>
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

interface ReviewRunProps extends Pick<ReviewProps, 'overview' | 'stepper'> {
  readonly participant: string
  readonly eventId: string
}

/** A recorded run without a name, to step through; gone as soon as its participant shares no more. */
function ReviewRun({ participant, eventId, overview, stepper }: ReviewRunProps) {
  const run = useRun(participant, eventId)
  const isShared = overview.participants.some(({ id, sharesCode }) => id === participant && sharesCode)
  if (!isShared) return <p role="status">That run isn't here anymore.</p>
  if (typeof run !== 'object') return <p role="status">{run ?? 'Loading …'}</p>
  return (
    <section aria-labelledby="run">
      <h2 id="run">What happened in Redis</h2>
      <RunView recording={run} fromTheStart stepper={stepper} />
    </section>
  )
}
