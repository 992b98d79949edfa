import { diffLines } from 'diff'
import type { Attempt } from '../../../classroom/api.ts'
import { timeOfDay } from './clock.tsx'
import { Scroller } from './scroller.tsx'
import { Sentence } from './sentence.tsx'

interface AttemptProps {
  readonly attempt: Attempt
  readonly before: string | undefined
  readonly place: string
}

/** One check of a participant: how it ended, and the code if they agreed. */
export function AttemptView({ attempt, before, place }: AttemptProps) {
  const { at, slug, passed, tasks, diagnosis, code } = attempt
  return (
    <article class="attempt">
      <h3>
        <span class={passed ? 'light passed' : 'light failing'}>{passed ? '✓ passed' : '✗ failed'}</span>{' '}
        {slug}{' '}
        <span class="quiet-text">
          {place}, {timeOfDay(at)}
        </span>
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
  const parts = diffLines(before ?? code, code).map(({ value, added, removed }, index) => {
    const sign = added ? '+' : removed ? '-' : ' '
    const lines = value.replace(/\n$/, '').split('\n')
    return { key: `${index}${sign}`, sign, text: `${lines.map((line) => `${sign} ${line}`).join('\n')}\n` }
  })
  return (
    <Scroller label={before === undefined ? 'Code' : 'Code, and what changed in it'}>
      <pre class="diff">
        {parts.map(({ key, sign, text }) => {
          if (sign === '+') return <ins key={key}>{text}</ins>
          return sign === '-' ? <del key={key}>{text}</del> : <span key={key}>{text}</span>
        })}
      </pre>
    </Scroller>
  )
}
