import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { IslandProps, RunReply } from '../../protocol.ts'
import { judged, Output } from '../run-snippet.tsx'
import { Sentence } from '../sentence.tsx'
import { unfold } from '../unfold.ts'
import { type Edits, editsOf } from './edits.ts'
import { lastingStore } from './kept.ts'
import { type NoAnswer, request } from './requests.ts'
import { useSnippetEditor } from './use-snippet-editor.ts'

type Running = { readonly kind: 'idle' } | { readonly kind: 'running' } | RunReply | NoAnswer

const idle = { kind: 'idle' } as const
const CHANGED = "You've changed it since it ran."
/** All snippets of the page share them, because the earlier ones run before the later ones. */
let shared: Edits | undefined

/** A snippet that can be run and stopped, edited, and reset to what the lesson has. */
export function Snippet({ slug, number, kind, text }: IslandProps['snippet']) {
  shared ??= editsOf(slug, lastingStore())
  const edits = shared
  const [own, setOwn] = useState(() => edits.open(number, text))
  const [state, setState] = useState<Running>(idle)
  const [said, setSaid] = useState('')
  const [hasChanged, setChanged] = useState(false)
  const place = useRef<HTMLDivElement>(null)
  const editButton = useRef<HTMLButtonElement>(null)
  const runButton = useRef<HTMLButtonElement>(null)
  const isEdited = own !== undefined
  const isRunning = state.kind === 'running'
  const address = `/workbench/${slug}/snippets`
  const isOnEdits = Object.keys(edits.upTo(number - 1)).length > 0

  const run = async () => {
    if (isRunning) return
    setSaid('')
    setChanged(false)
    setState({ kind: 'running' })
    const reply = await request<RunReply>(`${address}/${number}/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ edits: edits.upTo(number) }),
    })
    const wasOnStop = document.activeElement?.classList.contains('stop-button') === true
    setState(reply)
    if (wasOnStop) runButton.current?.focus()
    if (reply.kind === 'ran' && reply.asShown !== undefined) unfold(number)
  }
  const stop = () => void request(`${address}/stop`, { method: 'POST' })
  const edit = () => {
    setOwn(text)
    setSaid(kind === 'redis' ? 'One command per line. Ctrl-Enter runs them.' : 'Ctrl-Enter runs it.')
  }
  const reset = () => {
    edits.set(number, text)
    setOwn(undefined)
    setState(idle)
    setChanged(false)
    setSaid("This is the lesson's snippet again.")
  }
  const runNow = useRef(run)
  runNow.current = run
  const { isBroken } = useSnippetEditor(isEdited, place, {
    label: `Snippet ${number}, yours to change`,
    text: own ?? text,
    kind,
    onChange(changed) {
      edits.set(number, changed)
      setChanged(true)
    },
    onRun: () => void runNow.current(),
  })

  // The lesson's own code and output give way to the editor, in the same moment.
  useLayoutEffect(() => {
    place.current?.closest('.snippet')?.classList.toggle('is-edited', isEdited)
  }, [isEdited])

  const isAgain = state.kind !== 'idle' && state.kind !== 'running'
  const its = <span class="only-read"> snippet {number}</span>
  return (
    <>
      <div ref={place} class="snippet-editor" hidden={!isEdited} />
      {isBroken && <p class="trouble">The editor didn't load. Reload the page, or reset the snippet.</p>}
      <div class="run">
        <button
          ref={runButton}
          type="button"
          class="run-button"
          onClick={() => void run()}
          aria-disabled={isRunning}
        >
          {isAgain ? 'Run again' : 'Run'}
          {its}
        </button>
        {isRunning && (
          <button type="button" class="stop-button" onClick={stop}>
            Stop
            {its}
          </button>
        )}
        {isEdited ? (
          <button
            type="button"
            class="quiet"
            aria-disabled={isRunning}
            onClick={() => {
              if (isRunning) return
              reset()
              // Its place is taken by the other button.
              requestAnimationFrame(() => editButton.current?.focus())
            }}
          >
            Reset
            {its}
          </button>
        ) : (
          <button ref={editButton} type="button" class="quiet" onClick={edit} aria-disabled={isRunning}>
            Edit
            {its}
          </button>
        )}
        <p class="run-status" role="status">
          <Sentence
            text={
              said !== '' ? said : hasChanged && state.kind === 'ran' ? CHANGED : statusOf(state, isOnEdits)
            }
          />
        </p>
      </div>
      <div class="ran-place" aria-live="polite">
        {state.kind === 'ran' && <Output reply={state} close={() => setState(idle)} />}
      </div>
    </>
  )
}

/** `isOnEdits`: the learner has edited a snippet that runs before it. */
function statusOf(state: Running, isOnEdits: boolean): string {
  switch (state.kind) {
    case 'idle':
      return ''
    case 'running':
      return 'Running …'
    case 'problem':
      return state.sentence
    case 'no answer':
      return state.why === 'away'
        ? 'The program no longer responds, so nothing ran.'
        : 'The program was started again. Open the address that it printed.'
    case 'ran': {
      const why =
        state.asShown === false && isOnEdits ? ', because it runs on an earlier one that you edited' : ''
      return judged(state) + why
    }
  }
}
