import type { Attempt } from '../../../classroom/api.ts'
import { foldedDiff, type Part } from '../folded-diff.ts'
import { Sentence } from '../sentence.tsx'
import { timeOfDay } from './clock.tsx'
import { counted } from './counted.ts'
import { Scroller } from './scroller.tsx'

interface AttemptProps {
  readonly attempt: Attempt
  readonly before: string | undefined
  /** Which one it is, and when it was; missing on the wall. */
  readonly place?: string
}

/** The code of the attempt before, of the same lesson, as far as it was shared. */
export function codeBefore(attempts: readonly Attempt[], index: number): string | undefined {
  return attempts
    .slice(0, Math.max(index, 0))
    .findLast(({ slug, code }) => slug === attempts[index]?.slug && code !== undefined)?.code
}

/** One check of a participant: how it ended, and the code if they agreed. */
export function AttemptView({ attempt, before, place }: AttemptProps) {
  const { at, slug, passed, tasks, diagnosis, code } = attempt
  return (
    <article class="attempt">
      <h3>
        <span class={passed ? 'light passed' : 'light failing'}>{passed ? '✓ passed' : '✗ failed'}</span>{' '}
        {slug}{' '}
        {place !== undefined && (
          <span class="quiet-text">
            {place}, {timeOfDay(at)}
          </span>
        )}
      </h3>
      {diagnosis !== undefined && (
        <p class="diagnosis">
          <Sentence text={diagnosis} />
        </p>
      )}
      <p class="quiet-text">{tasks.map(({ task, state }) => `${task}: ${state}`).join(' · ')}</p>
      {code === undefined ? (
        <p class="quiet-text">The code of this attempt wasn't shared.</p>
      ) : (
        <Code code={code} before={before} />
      )}
    </article>
  )
}

/** The code, with what is new since the attempt before; as text, whatever it contains. */
function Code({ code, before }: { readonly code: string; readonly before: string | undefined }) {
  const changed = before === undefined ? undefined : foldedDiff(before, code)
  const parts: readonly Part[] = changed ?? [{ kind: 'same', lines: code.split('\n') }]
  const isSame = before === code
  return (
    <>
      {isSame && <p class="quiet-text">Nothing has changed since the previous attempt.</p>}
      {before !== undefined && changed === undefined && (
        <p class="quiet-text">Too much has changed since the previous attempt to mark it here.</p>
      )}
      <Scroller label={changed === undefined ? 'Code' : 'Code, and what changed in it'} shape="code">
        <div class="diff">
          {parts.map((part, index) => (
            <Lines key={`${index}${part.kind}`} part={part} />
          ))}
        </div>
      </Scroller>
    </>
  )
}

const signs: Readonly<Record<Part['kind'], string>> = { same: ' ', folded: ' ', new: '+', gone: '-' }

function Lines({ part: { kind, lines } }: { readonly part: Part }) {
  const text = lines.map((line) => `${signs[kind]} ${line}\n`).join('')
  switch (kind) {
    case 'new':
      return <ins>{text}</ins>
    case 'gone':
      return <del>{text}</del>
    case 'same':
      return <span>{text}</span>
    case 'folded':
      return (
        <details>
          <summary>{counted(lines.length, 'unchanged line')}</summary>
          {text}
        </details>
      )
  }
}
