import { useEffect, useRef, useState } from 'preact/hooks'
import type { IslandProps, RunReply } from '../../protocol.ts'
import type * as EditorModule from '../editor.ts'
import { judged, Output } from '../run-snippet.tsx'
import type { SnippetEditor } from '../snippet-editor.ts'
import { unfold } from '../unfold.ts'
import { type Edits, editsOf } from './edits.ts'
import { type NoAnswer, request } from './requests.ts'

type Running = { readonly kind: 'idle' } | { readonly kind: 'running' } | RunReply | NoAnswer

const idle = { kind: 'idle' } as const
/** All snippets of the page share them, because the earlier ones run before the later ones. */
let shared: Edits | undefined

/** A snippet that can be run and stopped, edited, and reset to what the lesson has. */
export function Snippet({ slug, number, kind, text }: IslandProps['snippet']) {
  shared ??= editsOf(slug)
  const edits = shared
  const [own, setOwn] = useState(() => edits.open(number, text))
  const [state, setState] = useState<Running>(idle)
  const [said, setSaid] = useState('')
  const place = useRef<HTMLDivElement>(null)
  const editButton = useRef<HTMLButtonElement>(null)
  const runButton = useRef<HTMLButtonElement>(null)
  const isEdited = own !== undefined
  const isRunning = state.kind === 'running'
  const address = `/workbench/${slug}/snippets`

  const run = async () => {
    if (isRunning) return
    setSaid('')
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
  const edit = () => setOwn(text)
  const reset = () => {
    edits.set(number, text)
    setOwn(undefined)
    setState(idle)
    setSaid('This is the lesson’s snippet again.')
  }
  const runNow = useRef(run)
  runNow.current = run
  const { isBroken } = useSnippetEditor(isEdited, place, {
    label: `Snippet ${number}, yours to change`,
    text: own ?? text,
    kind,
    onChange(changed) {
      edits.set(number, changed)
      setSaid('')
    },
    onRun: () => void runNow.current(),
  })

  // The lesson's own code and output give way to the editor.
  useEffect(() => {
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
          {said === '' ? statusOf(state) : said}
        </p>
      </div>
      <div class="ran-place" aria-live="polite">
        {state.kind === 'ran' && <Output reply={state} close={() => setState(idle)} />}
      </div>
    </>
  )
}

interface EditorWishes {
  readonly label: string
  readonly text: string
  readonly kind: 'ts' | 'redis'
  onChange(text: string): void
  onRun(): void
}

/** The editor in its place for as long as it's wanted. It's loaded only then, along with the one for the file. */
function useSnippetEditor(
  isWanted: boolean,
  place: { readonly current: HTMLDivElement | null },
  wishes: EditorWishes,
): { readonly isBroken: boolean } {
  const [isBroken, setBroken] = useState(false)
  const isFirst = useRef(true)
  useEffect(() => {
    // An edit that was kept opens with the page, and isn't what the learner has just asked for.
    const isAsked = !isFirst.current
    isFirst.current = false
    const parent = place.current
    if (!isWanted || parent === null) return
    let editor: SnippetEditor | undefined
    let isOver = false
    const open = ({ openSnippetEditor }: typeof EditorModule) => {
      if (isOver) return
      editor = openSnippetEditor({ parent, nonce: nonceOfPage(), ...wishes })
      if (isAsked) editor.focus()
    }
    const editorAddress = '/assets/editor.js'
    import(editorAddress).then(open, () => setBroken(true))
    return () => {
      isOver = true
      editor?.close()
      setBroken(false)
    }
  }, [isWanted])
  return { isBroken }
}

function nonceOfPage(): string {
  return document.getElementById('bench')?.dataset.nonce ?? ''
}

function statusOf(state: Running): string {
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
    case 'ran':
      return judged(state)
  }
}
