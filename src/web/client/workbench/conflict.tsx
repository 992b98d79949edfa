import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { useFocusAfter } from '../focus-after.ts'
import { foldedDiff, type Part } from '../folded-diff.ts'

/** Both versions side by side; nothing is written until the learner chooses one. */
export function Conflict({
  mine,
  theirs,
  choose,
  toEditor,
}: {
  readonly mine: string
  readonly theirs: string
  choose(choice: 'mine' | 'theirs'): void
  toEditor(): void
}) {
  const part = useFocusAfter<HTMLDivElement>(toEditor)
  const changes = useMemo(() => foldedDiff(mine, theirs), [mine, theirs])
  return (
    <div class="conflict" role="alert" ref={part}>
      <p>
        Another program saved this file while you were typing, so your version isn't saved. Choose the version
        to keep. Changed lines are marked. If you take theirs, you can undo that in the editor.
      </p>
      <div class="versions">
        <Version
          title="Yours, on this page"
          parts={changes?.filter(({ kind }) => kind !== 'new') ?? whole(mine)}
        >
          <button type="button" onClick={() => choose('mine')}>
            Keep mine
          </button>
        </Version>
        <Version
          title="The file, as it is now"
          parts={changes?.filter(({ kind }) => kind !== 'gone') ?? whole(theirs)}
        >
          <button type="button" onClick={() => choose('theirs')}>
            Take theirs
          </button>
        </Version>
      </div>
    </div>
  )
}

const looks: Readonly<Record<Part['kind'], string>> = {
  same: '',
  folded: 'quiet-text',
  new: 'differs',
  gone: 'differs',
}

/** Too much has changed to mark it. */
function whole(text: string): readonly Part[] {
  return [{ kind: 'same', lines: text.split('\n') }]
}

function Version({
  title,
  parts,
  children,
}: {
  readonly title: string
  readonly parts: readonly Part[]
  readonly children: ComponentChildren
}) {
  return (
    <section aria-label={title}>
      <div class="version-head">
        <h3>{title}</h3>
        {children}
      </div>
      <pre>
        <code>
          {parts.map(({ kind, lines }, index) => (
            <span key={index} class={looks[kind]}>
              {kind === 'folded' ? `… ${lines.length} unchanged lines …` : lines.join('\n')}
            </span>
          ))}
        </code>
      </pre>
    </section>
  )
}
