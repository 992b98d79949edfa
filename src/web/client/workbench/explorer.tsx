import { useEffect, useMemo, useState } from 'preact/hooks'
import { laneView, type Recording, type Step } from '../../../recording/index.ts'
import { KeysAt } from './keys.tsx'
import { Lanes } from './lanes.tsx'
import { momentsOf } from './moments.ts'
import { isAnswer, request } from './requests.ts'

interface ExplorerProps {
  readonly slug: string
  /** Changes with every recording. */
  readonly number: number
  readonly name: string
  goTo(line: number): void
}

/** The last recorded run, step by step. */
export function Explorer({ slug, number, ...place }: ExplorerProps) {
  const [recording, setRecording] = useState<Recording>()
  useEffect(() => {
    let isNewest = true
    void request<Recording | { readonly kind: 'problem' }>(`/workbench/${slug}/recording`).then((reply) => {
      if (isNewest && isAnswer(reply) && 'steps' in reply) setRecording(reply)
    })
    return () => {
      isNewest = false
    }
  }, [slug, number])
  if (recording === undefined || recording.steps.length === 0) return null
  return <Run key={number} given={recording} {...place} />
}

type RunProps = Pick<ExplorerProps, 'name' | 'goTo'> & { readonly given: Recording }

function Run({ given, name, goTo }: RunProps) {
  const moments = useMemo(() => momentsOf(given), [given])
  const { recording, colliding } = moments
  const view = useMemo(() => laneView(recording), [recording])
  const { steps } = recording
  // Most learners are looking for the place where the commands collided.
  const [at, setAt] = useState(colliding.at(-1) ?? steps.length)
  const step = steps[at - 1]
  const place = step?.kind === 'command' && isIn(step.place, name) ? step.place : undefined
  const nextColliding = colliding.find((moment) => moment > at) ?? colliding[0]
  const move = (to: number) => setAt(Math.min(Math.max(to, 0), steps.length))
  const chosen = (n: number) => move(steps.findIndex((one) => one.n === n) + 1)
  return (
    <section class="explorer" aria-labelledby="explorer-title">
      <h2 id="explorer-title">What happened in Redis</h2>
      <p class="quiet-text">
        {recording.task} · {recording.test} · {recording.engine}
      </p>
      {recording.note !== undefined && <p class="quiet-text">{recording.note}</p>}
      {view.sentence !== undefined && <p class="collision">✗ {view.sentence}</p>}
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
          aria-valuetext={stepInWords(at, step, steps.length)}
          onInput={(event) => move(Number(event.currentTarget.value))}
        />
        <button type="button" onClick={() => move(at + 1)} aria-disabled={at === steps.length}>
          <span aria-hidden="true">→</span>
          <span class="only-read">One step on</span>
        </button>
        <output>
          {at} of {steps.length}
        </output>
        {nextColliding !== undefined && (
          <button type="button" onClick={() => move(nextColliding)}>
            Collision
          </button>
        )}
        {place !== undefined && (
          <button type="button" onClick={() => goTo(place.line)}>
            Line {place.line}
          </button>
        )}
      </div>
      <Lanes view={view} current={step?.n} choose={chosen} />
      {recording.depth === 'changes' && (
        <KeysAt
          before={moments.at(Math.max(0, at - 1))}
          after={moments.at(at)}
          moment={at === 0 ? 'before the first step' : `after step ${at} of ${steps.length}`}
        />
      )}
    </section>
  )
}

/** A recording leaves out the folder of a file that's elsewhere, because it can be shared. */
function isIn(place: { readonly file: string } | undefined, name: string): boolean {
  return place !== undefined && `/${name.replaceAll('\\', '/')}`.endsWith(`/${place.file}`)
}

function stepInWords(at: number, step: Step | undefined, count: number): string {
  if (step === undefined) return `before the first of ${count} steps`
  const what =
    step.kind === 'command'
      ? step.args
          .map(({ s }) => s)
          .join(' ')
          .slice(0, 60)
      : step.kind
  return `step ${at} of ${count}: ${what}`
}
