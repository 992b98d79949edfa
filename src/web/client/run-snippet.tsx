import { useState } from 'preact/hooks'
import type { IslandProps, RunReply } from '../protocol.ts'
import { post } from './ask.ts'
import { useFocusAfter } from './focus-after.ts'
import { unfold } from './unfold.ts'

type State = { readonly kind: 'idle' } | { readonly kind: 'running' } | RunReply

/** The button below a snippet, and what the snippet printed when it ran just now. */
export function RunSnippet({ number, address }: IslandProps['run']) {
  const [state, setState] = useState<State>({ kind: 'idle' })
  const run = async () => {
    if (state.kind === 'running') return
    setState({ kind: 'running' })
    const reply = await post<RunReply>(address)
    setState(reply)
    if (reply.kind === 'ran') unfold(number)
  }
  const isAgain = state.kind === 'ran' || state.kind === 'problem'
  return (
    <div class="run">
      <button type="button" class="run-button" onClick={run} aria-disabled={state.kind === 'running'}>
        {isAgain ? 'Run again' : 'Run'}
        <span class="only-read"> snippet {number}</span>
      </button>
      <p class="run-status" role="status">
        {statusOf(state)}
      </p>
      {state.kind === 'ran' && <Output reply={state} close={() => setState({ kind: 'idle' })} />}
    </div>
  )
}

type RanReply = Extract<RunReply, { kind: 'ran' }>

/** What a snippet printed, as text. */
export function Output({ reply, close }: { readonly reply: RanReply; close(): void }) {
  const part = useFocusAfter<HTMLDivElement>(() =>
    part.current?.closest('[data-island]')?.querySelector<HTMLElement>('.run-button')?.focus(),
  )
  return (
    <div class="ran" ref={part}>
      <div class="ran-head">
        <span class="label">{reply.redis}</span>
        <button type="button" class="quiet" onClick={close}>
          Close<span class="only-read"> the output</span>
        </button>
      </div>
      <pre class="output">
        <code>
          {reply.output.map((line, index) => (
            <>
              {index > 0 && '\n'}
              {line.map(({ text, looks }) => (
                <span class={looks.map((look) => `t-${look}`).join(' ')}>{text}</span>
              ))}
            </>
          ))}
        </code>
      </pre>
      {reply.limits !== undefined && reply.asShown === false && <p class="limits">{reply.limits}</p>}
    </div>
  )
}

function statusOf(state: State): string {
  switch (state.kind) {
    case 'idle':
      return ''
    case 'running':
      return 'Running …'
    case 'problem':
      return state.sentence
    case 'ran':
      return judged(state)
  }
}

/** Whether a snippet did what the lesson shows or, if the learner has edited it, how it ended. */
export function judged({ ended, asShown, failed }: RanReply): string {
  if (ended !== undefined) return `✗ ${ended}`
  if (asShown === undefined) return failed === true ? '✗ Your version got an error' : '✓ Your version ran'
  return asShown ? '✓ As the lesson shows' : '✗ Not what the lesson shows'
}
