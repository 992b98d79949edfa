import { useState } from 'preact/hooks'
import type { HintReply, IslandProps } from '../protocol.ts'
import { post } from './ask.ts'
import { Html } from './html.tsx'
import { self } from './self.ts'

/** The hints of a task, one more with each press. The server records which were shown. */
export function Hints({ number, task, address, shown, of }: IslandProps['hints']) {
  const [hints, setHints] = useState(shown)
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const next = hints.length + 1
  const reveal = async () => {
    if (isBusy) return
    setBusy(true)
    const reply = await post<HintReply>(address)
    setBusy(false)
    if (reply.kind === 'hint') setHints([...hints, reply.html])
    setProblem(reply.kind === 'problem' ? reply.sentence : '')
  }
  return (
    <div class="hints">
      {/* What appears in it is read out. */}
      <div aria-live="polite">
        {hints.length > 0 && (
          <ol class="hint-list" aria-label={`Hints for task ${task}`}>
            {hints.map((hint) => (
              <li key={hint}>
                <Html of={hint} />
              </li>
            ))}
          </ol>
        )}
        {problem !== '' && <p class="problem">{problem}</p>}
      </div>
      {next <= of ? (
        <button type="button" onClick={reveal} aria-disabled={isBusy}>
          Hint {next} of {of}
          <span class="only-read"> for task {task}</span>
        </button>
      ) : (
        <p class="quiet-text">
          That was the last hint. To see one good answer:{' '}
          <code>
            {self()} solution {number}
          </code>
        </p>
      )}
    </div>
  )
}
