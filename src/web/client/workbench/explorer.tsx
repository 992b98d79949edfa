import { useEffect, useState } from 'preact/hooks'
import type { Recording } from '../../../recording/index.ts'
import { RunView } from '../run/run-view.tsx'
import { isAnswer, request } from './requests.ts'

interface ExplorerProps {
  readonly slug: string
  /** Changes with every recording. */
  readonly number: number
  readonly name: string
  goTo(line: number): void
}

/** The last recorded run, step by step. */
export function Explorer({ slug, number, name, goTo }: ExplorerProps) {
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
  return (
    <section class="explorer" aria-labelledby="explorer-title">
      <h2 id="explorer-title">What happened in Redis</h2>
      <RunView key={number} recording={recording} source={{ name, goTo }} />
    </section>
  )
}
