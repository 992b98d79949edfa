import { Left } from './clock.tsx'
import { counted } from './counted.ts'
import { useClass } from './live.ts'
import { Diagnoses, Histogram } from './summary.tsx'

/**
 * For the wall: how to get in, where the class is, how it's doing as a whole. No names, nothing about individuals.
 */
export function Projector() {
  const { overview, connected, ahead } = useClass()
  if (overview === undefined) return <p role="status">Waiting for the hub …</p>
  const { lead, joinCode, addresses, summary } = overview
  const at = overview.class.lessons.find(({ slug }) => slug === lead.position)
  return (
    <>
      <div class="wall">
        <div>
          <h1>{overview.class.name}</h1>
          {lead.pause !== undefined && (
            <p class="big">
              Break{' '}
              {lead.pause.until !== undefined && (
                <>
                  · <Left until={lead.pause.until} ahead={ahead} /> left
                </>
              )}
            </p>
          )}
          {lead.pause === undefined && at !== undefined && (
            <p class="big">
              We are at {at.number} · {at.title}
            </p>
          )}
          {lead.timer !== undefined && (
            <p class="big">
              {lead.timer.text || 'Time left'} · <Left until={lead.timer.until} ahead={ahead} />
            </p>
          )}
          {lead.message !== undefined && <p class="message">{lead.message.text}</p>}
          <p class="quiet-text">
            {counted(summary.participants, 'participant')}
            {connected ? '' : " · the hub isn't answering right now"}
          </p>
        </div>
        <div class="join-big">
          <img src="/instructor/join.svg" alt="QR code with the join address" width="220" height="220" />
          <p>
            <code>npx eventlings class join {addresses[0]}</code>
          </p>
          <p>
            Code <code class="code-big">{joinCode}</code>
          </p>
        </div>
      </div>
      <div class="panels two">
        <Histogram overview={overview} />
        <Diagnoses overview={overview} names={false} />
      </div>
    </>
  )
}
