import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type KeyView, type LaneView, laneView, type Recording, type Step } from '../../../recording/index.ts'
import type { StateChange } from '../../workbench/protocol.ts'
import { KeysAt } from './keys.tsx'
import { Lanes } from './lanes.tsx'
import { momentsOf } from './moments.ts'

/** Steps through a run from outside, such as by a clicker. False if there's no further step in that direction. */
export interface Stepper {
  step(by: 1 | -1): boolean
}

interface RunViewProps {
  readonly recording: Recording
  /** The states of the entities in it. */
  readonly states?: readonly StateChange[]
  /** Begins before the first step, and shows only what has happened until then. */
  readonly fromTheStart?: boolean
  readonly stepper?: { current: Stepper | undefined }
  /** Which run it is, for a page with two of them. */
  readonly ofRun?: string
  /** The file that's open beside it, to go to the line of a step. */
  readonly source?: { readonly name: string; goTo(line: number): void }
}

/** What a test did in Redis, step by step: the commands of each caller, and the keys after each of them. */
export function RunView({
  recording: given,
  states = [],
  fromTheStart = false,
  stepper,
  ofRun = '',
  source,
}: RunViewProps) {
  const moments = useMemo(() => momentsOf(given), [given])
  const { recording, colliding } = moments
  const view = useMemo(() => laneView(recording), [recording])
  const { steps } = recording
  // Most people are looking for the place where the commands collided.
  const last = colliding.at(-1) ?? steps.length
  const [at, setAt] = useState(fromTheStart ? 0 : last)
  const step = steps[at - 1]
  // Clicks may come faster than pages are drawn.
  const moment = useRef(at)
  const shown = useMemo(() => (fromTheStart ? upTo(view, step?.n ?? 0) : view), [view, fromTheStart, step])
  const [isSaid, setSaid] = useState(false)
  /** The slider says its own value; after a button, a screen reader has to be told where it led. */
  const move = (to: number, by: 'slider' | 'button' = 'button') => {
    moment.current = Math.min(Math.max(to, 0), steps.length)
    setAt(moment.current)
    setSaid(by === 'button')
  }
  const words = useMemo(() => stepInWords(at, step, view), [at, step, view])
  useEffect(() => {
    if (stepper === undefined) return
    stepper.current = {
      step(by) {
        const to = moment.current + by
        if (to < 0 || to > steps.length) return false
        moment.current = to
        setAt(to)
        return true
      },
    }
    return () => {
      stepper.current = undefined
    }
  }, [stepper, steps])
  const line = step?.kind === 'command' && isIn(step.place, source?.name) ? step.place?.line : undefined
  const nextColliding = colliding.find((one) => one > at) ?? colliding[0]
  return (
    <div class="run-view">
      <p class="quiet-text">
        {recording.task} · {recording.test} · {recording.engine}
      </p>
      {recording.note !== undefined && <p class="quiet-text">{recording.note}</p>}
      {view.sentence !== undefined && (!fromTheStart || at >= last) && (
        <p class="collision">✗ {view.sentence}</p>
      )}
      <div class="slider">
        <button type="button" onClick={() => move(at - 1)} aria-disabled={at === 0}>
          <span aria-hidden="true">←</span>
          <span class="only-read">One step back</span>
        </button>
        <input
          type="range"
          min="0"
          max={steps.length}
          value={at}
          aria-label="Step"
          aria-valuetext={words}
          onInput={(event) => move(Number(event.currentTarget.value), 'slider')}
        />
        <button type="button" onClick={() => move(at + 1)} aria-disabled={at === steps.length}>
          <span aria-hidden="true">→</span>
          <span class="only-read">One step forward</span>
        </button>
        <output aria-hidden="true">
          {at} of {steps.length}
        </output>
        <span class="only-read" role="status">
          {isSaid && words}
        </span>
        {nextColliding !== undefined && !fromTheStart && (
          <button type="button" onClick={() => move(nextColliding)}>
            Collision
          </button>
        )}
        {line !== undefined && (
          <button type="button" onClick={() => source?.goTo(line)}>
            Line {line}
          </button>
        )}
      </div>
      <Lanes
        view={shown}
        current={step?.n}
        isFollowed={fromTheStart}
        choose={(n) => move(steps.findIndex((one) => one.n === n) + 1)}
      />
      {recording.depth === 'changes' && (
        <KeysAt
          before={moments.at(Math.max(0, at - 1))}
          after={moments.at(at)}
          ofRun={ofRun}
          stateOf={(key) => stateAt(states, key, at)}
          moment={at === 0 ? 'before the first step' : `after step ${at} of ${steps.length}`}
        />
      )}
    </div>
  )
}

/** The state of the entity whose events the key holds, with what the step before that moment did to it. */
function stateAt(states: readonly StateChange[], key: string, at: number): KeyView | undefined {
  const last = states.findLast((one) => one.key === key && one.at <= at)
  return last?.at === at ? last.changed : last?.since
}

/** What comes next is for the class to guess. */
function upTo(view: LaneView, n: number): LaneView {
  const next = view.rows.findIndex((row) => 'n' in row && row.n > n)
  return next === -1 ? view : { ...view, rows: view.rows.slice(0, next) }
}

/** A recording leaves out the folder of a file that's elsewhere, because it can be shared. */
function isIn(place: { readonly file: string } | undefined, name: string | undefined): boolean {
  if (place === undefined || name === undefined) return false
  return `/${name.replaceAll('\\', '/')}`.endsWith(`/${place.file}`)
}

/** The caller, the command, and the result, as the list of steps has them. */
function stepInWords(at: number, step: Step | undefined, { rows, lanes }: LaneView): string {
  if (step === undefined) return 'Before the first step'
  const row = rows.find((one) => 'n' in one && one.n === step.n)
  // Where many steps are left out of the list, there's only the command itself.
  if (row?.kind !== 'command' && row?.kind !== 'event') return `Step ${at}: ${whole(step)}`
  const role = lanes.length > 1 ? lanes.find(({ id }) => id === row.lane)?.role : undefined
  const what = row.kind === 'event' ? row.text : row.command + (row.reply === '' ? '' : ` → ${row.reply}`)
  return `Step ${at}: ${role === undefined ? '' : `${role}: `}${what}${row.mark === undefined ? '' : `, ${row.mark}`}`
}

function whole(step: Step): string {
  return step.kind === 'command'
    ? step.args
        .map(({ s }) => s)
        .join(' ')
        .slice(0, 60)
    : step.kind
}
