import { useState } from 'preact/hooks'
import type { Problem } from '../../protocol.ts'
import type { VerdictView } from '../../workbench/protocol.ts'
import { Sentence } from '../sentence.tsx'
import type { Keeping } from './keeper.ts'
import type { Connection } from './live.ts'
import { request } from './requests.ts'

interface ToolbarProps {
  readonly name: string
  readonly slug: string
  /** Undefined if this page has no code that could be saved. */
  readonly keeping: Keeping | undefined
  readonly connection: Connection
  readonly isChecking: boolean
  readonly verdict: VerdictView | undefined
  readonly hasEditor: boolean
  /** The line of the cursor. */
  line(): number
  check(): void
}

/** The file's name, whether it's saved, and what can be done with it. */
export function Toolbar(props: ToolbarProps) {
  const { name, slug, keeping, connection, isChecking, verdict, hasEditor, line, check } = props
  const [problem, setProblem] = useState('')
  const openEditor = async () => {
    const address = `/workbench/${slug}/editor?line=${line()}`
    const reply = await request<{ readonly kind: 'opened' } | Problem>(address, { method: 'POST' })
    setProblem(reply.kind === 'problem' ? reply.sentence : '')
  }
  return (
    <div class="toolbar">
      <h2>Your code</h2>
      <code class="file-name" title={name}>
        {name.split(/[/\\]/).slice(-2).join('/')}
      </code>
      <span class="keeping">{inWords(keeping, connection)}</span>
      <button
        type="button"
        class="run-button"
        onClick={check}
        aria-disabled={isChecking}
        aria-keyshortcuts="Control+S"
      >
        Check
      </button>
      {/* On a narrow page, the verdict is out of view, far below this button. */}
      {(isChecking || verdict !== undefined) && (
        <a class="to-verdict" href="#verdict-title">
          {isChecking ? 'Checking …' : `${verdict?.passed ? '✓' : '✗'} ${verdict?.summary}`}
        </a>
      )}
      {hasEditor && (
        <button type="button" onClick={() => void openEditor()}>
          Open in my editor
        </button>
      )}
      {problem !== '' && (
        <p class="trouble">
          <Sentence text={problem} />
        </p>
      )}
    </div>
  )
}

function inWords(keeping: Keeping | undefined, connection: Connection): string {
  if (connection === 'waiting') return 'Connecting …'
  switch (keeping?.kind) {
    case undefined:
      return ''
    case 'saved':
      return connection === 'open' ? '✓ Saved' : 'Not connected'
    case 'typing':
    case 'saving':
      return 'Not saved yet …'
    case 'conflict':
      return '✗ Not saved: changed elsewhere'
    case 'gone':
      return '✗ Not saved: the file is gone'
    case 'problem':
    case 'no answer':
      return '✗ Not saved'
  }
}
