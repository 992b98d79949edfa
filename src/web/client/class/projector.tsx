import type { Overview } from '../../../classroom/api.ts'
import { Left } from './clock.tsx'
import { counted } from './counted.ts'
import { useClass } from './live.ts'
import { Sentence } from './sentence.tsx'
import { Diagnoses, Histogram } from './summary.tsx'

/**
 * For the wall: how to get in, as large as it gets until the class is somewhere; then where it is, and how it's doing
 * as a whole. No names, nothing about individuals, and no words of theirs.
 */
export function Projector() {
  const { overview, connected, ahead } = useClass()
  if (overview === undefined) return <p role="status">Waiting for the hub …</p>
  const { lead, summary } = overview
  const isJoining = lead.position === undefined && overview.class.closedAt === undefined
  const people = (
    <p class="quiet-text">
      {counted(summary.participants, 'participant')}
      {connected ? '' : " · the hub isn't answering right now"}
    </p>
  )
  return (
    <>
      <div class={isJoining ? 'wall joining' : 'wall'}>
        <div>
          <h1>{overview.class.name}</h1>
          <Now overview={overview} ahead={ahead} />
          {people}
        </div>
        <HowToJoin overview={overview} />
      </div>
      {lead.shown !== undefined && (
        <p class="shown">
          <Sentence text={lead.shown.text} />
        </p>
      )}
      {!isJoining && (
        <div class="panels two">
          <Histogram overview={overview} />
          <Diagnoses overview={overview} names={false} />
        </div>
      )}
    </>
  )
}

function Now({ overview, ahead }: { readonly overview: Overview; readonly ahead: number }) {
  const { pause, timer, message, position } = overview.lead
  const at = overview.class.lessons.find(({ slug }) => slug === position)
  return (
    <>
      {pause !== undefined && (
        <p class="big">
          Break{' '}
          {pause.until !== undefined && (
            <>
              · <Left until={pause.until} ahead={ahead} /> left
            </>
          )}
        </p>
      )}
      {pause === undefined && at !== undefined && (
        <p class="big">
          We are at {at.number} · {at.title}
        </p>
      )}
      {timer !== undefined && (
        <p class="big">
          {timer.text || 'Time left'} · <Left until={timer.until} ahead={ahead} />
        </p>
      )}
      {message !== undefined && <p class="message">{message.text}</p>}
    </>
  )
}

/** Large enough for the last row: the address is what people type. */
function HowToJoin({ overview: { addresses, joinCode } }: { readonly overview: Overview }) {
  const [address = ''] = addresses
  return (
    <div class="join-big">
      {/* The code is part of the picture, so a new one needs a new picture. */}
      <img
        src={`/instructor/join.svg?${joinCode}`}
        alt="QR code with the join address"
        width="220"
        height="220"
      />
      <div>
        <p class="quiet-text">npx eventlings class join</p>
        <p class="address-big">
          <code>{address.replace('http://', '')}</code>
        </p>
        <p class="code-line">
          Code <code class="code-big">{joinCode}</code>
        </p>
      </div>
    </div>
  )
}
