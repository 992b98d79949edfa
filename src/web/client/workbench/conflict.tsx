import type { ComponentChildren } from 'preact'

/** Both versions side by side; nothing is written until the learner chooses one. */
export function Conflict({
  mine,
  theirs,
  choose,
}: {
  readonly mine: string
  readonly theirs: string
  choose(choice: 'mine' | 'theirs'): void
}) {
  const [own, other] = [mine.split('\n'), theirs.split('\n')]
  return (
    <div class="conflict" role="alert">
      <p>
        Another program saved this file while you were typing, so your version isn't saved. Choose the version
        to keep. Changed lines are marked. If you take theirs, you can undo that in the editor.
      </p>
      <div class="versions">
        <Version title="Yours, on this page" lines={own} others={new Set(other)}>
          <button type="button" onClick={() => choose('mine')}>
            Keep mine
          </button>
        </Version>
        <Version title="The file, as it is now" lines={other} others={new Set(own)}>
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
  lines,
  others,
  children,
}: {
  readonly title: string
  readonly lines: readonly string[]
  readonly others: ReadonlySet<string>
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
          {lines.map((line, index) => (
            <span key={index} class={others.has(line) ? '' : 'differs'}>
              {`${line}\n`}
            </span>
          ))}
        </code>
      </pre>
    </section>
  )
}
