import { useState } from 'preact/hooks'
import type { Overview } from '../../../classroom/api.ts'
import { fullInWords } from '../../../classroom/full.ts'
import { AnnouncementsPanel } from './announcements-panel.tsx'
import { counted } from './counted.ts'
import { useClass } from './live.ts'
import { ManageClass } from './manage-class.tsx'
import { Pace } from './pace.tsx'
import { Roster } from './roster.tsx'
import { Diagnoses, Histogram } from './summary.tsx'
import { beep, useHands } from './use-hands.ts'

/** The instructor's page: who is where, who is stuck and on what. */
export function Dashboard() {
  const { overview, connected, ahead } = useClass({ whileHidden: true })
  if (overview === undefined) return <p role="status">Waiting for the hub …</p>
  return (
    <>
      <Head overview={overview} connected={connected} />
      <p class="problem" role="alert">
        {overview.full ? fullInWords : ''}
      </p>
      <div class="panels">
        <AnnouncementsPanel overview={overview} ahead={ahead} />
        <Diagnoses overview={overview} names />
        <Histogram overview={overview}>
          <Pace overview={overview} ahead={ahead} />
        </Histogram>
      </div>
      <Roster overview={overview} ahead={ahead} />
      <ManageClass overview={overview} ahead={ahead} />
    </>
  )
}

function Head({ overview, connected }: { readonly overview: Overview; readonly connected: boolean }) {
  const { summary, joinCode, addresses } = overview
  const { name, track, closedAt } = overview.class
  const [isAudible, setAudible] = useState(false)
  useHands(summary.hands, isAudible)
  return (
    <div class="class-head">
      <h1>{name}</h1>
      <p>
        {counted(summary.participants, 'learner')}
        {track === undefined ? '' : ` · ${track}`}
        {closedAt === undefined ? '' : ' · closed'}
      </p>
      <p aria-live="polite" class={summary.hands > 0 ? 'hands up' : 'hands'}>
        {summary.hands === 0 ? 'no hand raised' : `✋ ${counted(summary.hands, 'hand')} raised`}
      </p>
      <label class="quiet-text">
        <input
          type="checkbox"
          checked={isAudible}
          onChange={({ currentTarget: { checked } }) => {
            setAudible(checked)
            if (checked) beep()
          }}
        />{' '}
        sound for hands
      </label>
      {closedAt === undefined && (
        <p class="join">
          Join: <code>{addresses[0]}</code> code <code>{joinCode}</code>
        </p>
      )}
      <p role="status" class={connected ? 'connected' : 'problem'}>
        {connected ? 'live' : "The hub isn't answering; this is the last known state. Trying again …"}
      </p>
    </div>
  )
}
