import { useEffect, useState } from 'preact/hooks'
import type { Recording } from '../../../recording/index.ts'
import type { BenchState } from '../../workbench/protocol.ts'
import { RunView } from '../run/run-view.tsx'
import { isAnswer, request } from './requests.ts'

interface ExplorerProps {
  readonly slug: string
  readonly state: BenchState
  goTo(line: number): void
}

/** What the last check did in Redis, step by step. */
export function Explorer({ slug, state: { recording: number, name, checking }, goTo }: ExplorerProps) {
  const recording = useRecording(slug, number)
  const isHere = recording !== undefined && recording.steps.length > 0
  return (
    <section class="explorer" aria-labelledby="explorer-title">
      <h2 id="explorer-title">What happened in Redis</h2>
      {isHere ? (
        <RunView key={number} recording={recording} source={{ name, goTo }} />
      ) : (
        <p class="quiet-text">{whyNot(number, recording, checking)}</p>
      )}
    </section>
  )
}

function whyNot(
  number: BenchState['recording'],
  recording: Recording | undefined,
  isChecking: boolean,
): string {
  if (number === undefined && !isChecking) return 'There are no steps to show for this check.'
  return recording === undefined ? 'The steps are on their way …' : 'Your code sent no commands.'
}

/** Fetched again whenever there's another one. */
function useRecording(slug: string, number: BenchState['recording']): Recording | undefined {
  const [recording, setRecording] = useState<Recording>()
  useEffect(() => {
    if (typeof number !== 'number') return
    let isNewest = true
    void request<Recording | { readonly kind: 'problem' }>(`/workbench/${slug}/recording`).then((reply) => {
      if (isNewest && isAnswer(reply) && 'steps' in reply) setRecording(reply)
    })
    return () => {
      isNewest = false
      setRecording(undefined)
    }
  }, [slug, number])
  return recording
}
