import { type Change, diffLines } from 'diff'
import type { ComponentChildren } from 'preact'
import { useFocusAfter } from '../focus-after.ts'

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
  const changes = diffLines(mine, theirs)
  return (
    <div class="conflict" role="alert" ref={part}>
      <p>
        Another program saved this file while you were typing, so your version isn't saved. Choose the version
        to keep. Changed lines are marked. If you take theirs, you can undo that in the editor.
      </p>
      <div class="versions">
        <Version title="Yours, on this page" parts={changes.filter(({ added }) => !added)}>
          <button type="button" onClick={() => choose('mine')}>
            Keep mine
          </button>
        </Version>
        <Version title="The file, as it is now" parts={changes.filter(({ removed }) => !removed)}>
          <button type="button" onClick={() => choose('theirs')}>
            Take theirs
          </button>
        </Version>
      </div>
    </div>
  )
}

function Version({
  title,
  parts,
  children,
}: {
  readonly title: string
  readonly parts: readonly Change[]
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
          {parts.map(({ value, added, removed }, index) => (
            <span key={index} class={added || removed ? 'differs' : ''}>
              {value}
            </span>
          ))}
        </code>
      </pre>
    </section>
  )
}
