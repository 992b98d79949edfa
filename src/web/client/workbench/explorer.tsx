import type { ComponentProps } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { BenchState, RunReply } from '../../workbench/protocol.ts'
import { useFocusAfter } from '../focus-after.ts'
import { RunView } from '../run/run-view.tsx'
import { isAnswer, request } from './requests.ts'

type Run = Extract<RunReply, { kind: 'run' }>

interface ExplorerProps {
  readonly slug: string
  readonly state: BenchState
  goTo(line: number): void
}

/**
 * What the last check did in Redis, step by step, and what the model solution does in the same test. The steps of the check
 * before it stay until the new ones are there, so that the page doesn't jump.
 */
export function Explorer({ slug, state: { recording: number, name, checking }, goTo }: ExplorerProps) {
  const own = useRecording(slug, number)
  const { model, isShown, isComing, sentence, toggle } = useModelRun(slug, number)
  const isHere = own !== undefined && (isShown || own.recording.steps.length > 0)
  const isCurrent = own?.number === number
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'm' && isHere && isCurrent && !event.ctrlKey && !event.metaKey && !event.altKey)
      toggle()
  }
  return (
    <section class="explorer" aria-labelledby="explorer-title" onKeyDown={onKeyDown}>
      <div class="explorer-head">
        <h2 id="explorer-title" tabIndex={-1}>
          What happened in Redis
        </h2>
        {isHere && !isCurrent && <span class="quiet-text">in the previous check; loading …</span>}
        {isHere && isCurrent && (
          <button type="button" onClick={toggle} aria-disabled={isComing} aria-keyshortcuts="m">
            {isShown ? 'Only your run' : "The model solution's run"}
          </button>
        )}
      </div>
      <p role="status" class="quiet-text">
        {isShown
          ? 'The model solution ran the same test. Its steps are beside yours, or below them.'
          : sentence}
      </p>
      {isHere ? (
        <div class={isShown ? 'runs both' : 'runs'}>
          <section aria-label="Your run">
            {isShown && <h3>Your run</h3>}
            <Steps key={own.number} recording={own.recording} states={own.states} source={{ name, goTo }} />
          </section>
          {isShown && (
            <section aria-label="The model solution's run">
              <h3>The model solution's run</h3>
              <Steps recording={model.recording} states={model.states} ofRun=" in the model solution's run" />
            </section>
          )}
        </div>
      ) : (
        <p class="quiet-text">{whyNot(number, own, checking)}</p>
      )}
    </section>
  )
}

function Steps(props: ComponentProps<typeof RunView>) {
  const part = useFocusAfter<HTMLDivElement>(() => document.getElementById('explorer-title')?.focus())
  return (
    <div ref={part}>
      <RunView {...props} />
    </div>
  )
}

function whyNot(number: BenchState['recording'], own: Run | undefined, isChecking: boolean): string {
  if (number === undefined && !isChecking) return 'There are no steps to show for this check.'
  return own === undefined ? 'Loading the steps …' : 'Your code sent no commands.'
}

/** Fetched again whenever there's another one, which replaces the one before. */
function useRecording(
  slug: string,
  number: BenchState['recording'],
): (Run & { readonly number: number }) | undefined {
  const [run, setRun] = useState<Run & { readonly number: number }>()
  useEffect(() => {
    if (number === undefined) setRun(undefined)
    if (typeof number !== 'number') return
    let isNewest = true
    void request<RunReply>(`/workbench/${slug}/recording`).then((reply) => {
      if (isNewest) setRun(isAnswer(reply) && reply.kind === 'run' ? { ...reply, number } : undefined)
    })
    return () => {
      isNewest = false
    }
  }, [slug, number])
  return run
}

type ModelRun = (
  | { readonly isShown: true; readonly model: Run }
  | { readonly isShown: false; readonly model?: never }
) & {
  readonly isComing: boolean
  /** Why it isn't shown, or that it's coming. */
  readonly sentence: string
  toggle(): void
}

/** Recorded the first time that it's asked for; another check ends it. */
function useModelRun(slug: string, number: BenchState['recording']): ModelRun {
  const [model, setModel] = useState<Run>()
  const [isWanted, setWanted] = useState(false)
  const [sentence, setSentence] = useState('')
  useEffect(() => {
    if (!isWanted || model !== undefined) return
    let isNewest = true
    setSentence('Running the model solution …')
    void request<RunReply>(`/workbench/${slug}/model`, { method: 'POST' }).then((reply) => {
      if (!isNewest) return
      setSentence(reply.kind === 'problem' ? reply.sentence : '')
      if (reply.kind === 'run') setModel(reply)
      else setWanted(false)
    })
    return () => {
      isNewest = false
    }
  }, [slug, isWanted, model])
  useEffect(
    () => () => {
      setModel(undefined)
      setWanted(false)
      setSentence('')
    },
    [slug, number],
  )
  const shown =
    isWanted && model !== undefined ? ({ isShown: true, model } as const) : ({ isShown: false } as const)
  const isComing = isWanted && !shown.isShown
  const toggle = () => {
    if (!isComing) setWanted(!isWanted)
  }
  return { ...shown, isComing, sentence, toggle }
}
