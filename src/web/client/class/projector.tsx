import { useEffect, useRef, useState } from 'preact/hooks'
import type { Overview } from '../../../classroom/api.ts'
import type { Stepper } from '../run/run-view.tsx'
import { ClassLights } from './class-lights.tsx'
import { Left } from './clock.tsx'
import { counted } from './counted.ts'
import { useClass } from './live.ts'
import { Review } from './review.tsx'
import { Diagnoses, Histogram } from './summary.tsx'
import { useClicker } from './use-clicker.ts'

type Screen = 'join' | 'now' | 'review'

/**
 * For the wall: how to get in, as large as it gets until the class is somewhere; then where it is, and how it's doing
 * as a whole; and what the instructor has put there. A clicker leads from one to the next. No names, and no words of
 * participants that the instructor hasn't seen.
 */
export function Projector() {
  const live = useClass({ whileHidden: true })
  const { overview, connected, ahead } = live
  const [chosen, setChosen] = useState<Screen | undefined>(undefined)
  const [isBlack, setBlack] = useState(false)
  const { position, shown } = overview?.announcements ?? {}
  const isClosed = overview?.class.closedAt !== undefined
  const usual = shown !== undefined ? 'review' : position === undefined && !isClosed ? 'join' : 'now'
  const screens: readonly Screen[] = ['join', 'now', ...(shown === undefined ? [] : ['review' as const])]
  const screen = chosen !== undefined && screens.includes(chosen) ? chosen : usual
  // Whatever the instructor does is seen at once.
  useEffect(() => setChosen(undefined), [position, JSON.stringify(shown), isClosed])
  useEffect(() => window.scrollTo(0, 0), [screen, JSON.stringify(shown)])
  const stepper = useRef<Stepper | undefined>(undefined)
  const go = (by: 1 | -1) => {
    if (isBlack) return setBlack(false)
    // First through what's on the wall: a run, step by step, or an attempt that's longer than the screen.
    if (screen === 'review' && (stepper.current?.step(by) || scrolled(by))) return
    setChosen(screens[Math.min(Math.max(screens.indexOf(screen) + by, 0), screens.length - 1)])
  }
  useClicker({
    next: () => go(1),
    previous: () => go(-1),
    home: () => setChosen('join'),
    black: () => setBlack(!isBlack),
  })
  if (overview === undefined) return <p role="status">Waiting for the hub …</p>
  return (
    <>
      {isBlack && <p class="black only-read">The screen is black. Press b to show the wall again.</p>}
      <div class={screen === 'join' ? 'wall joining' : 'wall'}>
        <div>
          <h1>{overview.class.name}</h1>
          {screen !== 'join' && <Now overview={overview} ahead={ahead} />}
          <p class="quiet-text">
            {counted(overview.summary.participants, 'learner')}
            {connected ? '' : " · the hub isn't answering right now"}
          </p>
        </div>
        <Join overview={overview} isBig={screen === 'join'} />
        {/* Below, because the QR code has to be on the screen as a whole. */}
        {screen === 'join' && (
          <div>
            <Now overview={overview} ahead={ahead} />
          </div>
        )}
      </div>
      {screen === 'now' && (
        <>
          <ClassLights overview={overview} />
          <div class="panels two">
            <Histogram overview={overview} />
            <Diagnoses overview={overview} names={false} />
          </div>
        </>
      )}
      {screen === 'review' && shown !== undefined && (
        <Review shown={shown} overview={overview} stepper={stepper} />
      )}
      <p class="screens quiet-text" aria-hidden="true">
        {screens.indexOf(screen) + 1} / {screens.length}
      </p>
    </>
  )
}

/** Scrolls most of a screen down or up. False if there's nothing more in that direction. */
function scrolled(by: 1 | -1): boolean {
  const { scrollTop, scrollHeight, clientHeight } = document.documentElement
  const left = by === 1 ? scrollHeight - clientHeight - scrollTop : scrollTop
  if (left < 1) return false
  window.scrollBy({ top: by * clientHeight * 0.8, behavior: 'instant' })
  return true
}

function Now({ overview, ahead }: { readonly overview: Overview; readonly ahead: number }) {
  const { pause, timer, message, position } = overview.announcements
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

function Join({ overview, isBig }: { readonly overview: Overview; readonly isBig: boolean }) {
  if (overview.class.closedAt !== undefined) return <p class="join-line">The class is closed.</p>
  return isBig ? <HowToJoin overview={overview} /> : <JoinLine overview={overview} />
}

/** For those who come later, once the wall is for something else. */
function JoinLine({ overview: { addresses, joinCode } }: { readonly overview: Overview }) {
  const [address = ''] = addresses
  return (
    <p class="join-line">
      Join: <code>{address.replace('http://', '')}</code> code <code>{joinCode}</code>
    </p>
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
