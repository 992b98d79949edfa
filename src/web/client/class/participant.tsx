import { diffLines } from 'diff'
import { useEffect, useState } from 'preact/hooks'
import { type Attempt, type Overview, type ParticipantPage, paths } from '../../../classroom/api.ts'
import { post } from '../post.ts'
import { timeOfDay } from './clock.tsx'
import { useClass } from './live.ts'
import { Scroller } from './scroller.tsx'
import { Timeline } from './timeline.tsx'

/** One participant: every attempt, and, if they agreed, their code, forward and back in time. */
export function Participant({ id }: { readonly id: string }) {
  const { overview } = useClass()
  const row = overview?.participants.find((one) => one.id === id)
  const [page, setPage] = useState<ParticipantPage | undefined>(undefined)
  const [problem, setProblem] = useState('')
  useEffect(() => {
    let wanted = true
    load(id).then(
      (loaded) => wanted && setPage(loaded),
      (error: Error) => wanted && setProblem(error.message),
    )
    return () => {
      wanted = false
    }
  }, [id, row]) // a row is a new object whenever there is news of somebody
  if (page === undefined) return <p role="status">{problem === '' ? 'Loading …' : problem}</p>
  return <Whole page={page} overview={overview} />
}

async function load(id: string): Promise<ParticipantPage> {
  const response = await fetch(`${paths.participant}${encodeURIComponent(id)}`)
  const reply = (await response.json()) as
    | ParticipantPage
    | { readonly kind: 'problem'; readonly sentence: string }
  if (reply.kind === 'problem') throw new Error(reply.sentence)
  return reply
}

function Whole({
  page,
  overview,
}: {
  readonly page: ParticipantPage
  readonly overview: Overview | undefined
}) {
  const { row, attempts, happenings } = page
  const [chosen, setChosen] = useState<number | undefined>(undefined)
  // Without a choice it is the newest, also when a newer one comes in.
  const index = Math.min(chosen ?? attempts.length - 1, attempts.length - 1)
  const attempt = attempts[index]
  const before = attempts
    .slice(0, Math.max(index, 0))
    .findLast(({ slug, code }) => slug === attempt?.slug && code !== undefined)
  return (
    <>
      <h1>{row.label}</h1>
      <p class="quiet-text">
        joined {timeOfDay(row.joinedAt)} · last heard of {timeOfDay(row.seenAt)} ·{' '}
        {row.sharesCode ? 'shares their code' : 'does not share their code'}
      </p>
      {row.hand !== undefined && (
        <p class="raised">
          <span aria-hidden="true">✋</span> {row.hand.text || 'raised a hand'}{' '}
          <button type="button" onClick={() => post(paths.lead, { do: 'lower hand', participant: row.id })}>
            Lower the hand
          </button>
        </p>
      )}
      <Timeline checks={row.checks} />
      {attempt === undefined ? (
        <p>No check yet.</p>
      ) : (
        <section aria-labelledby="attempts">
          <h2 id="attempts">Attempts</h2>
          <div class="slider">
            <button type="button" disabled={index <= 0} onClick={() => setChosen(index - 1)}>
              ← Earlier
            </button>
            <label>
              <span class="only-read">Attempt</span>
              <input
                type="range"
                min="1"
                max={attempts.length}
                value={index + 1}
                aria-valuetext={`attempt ${index + 1} of ${attempts.length}`}
                onInput={(event) => setChosen(Number(event.currentTarget.value) - 1)}
              />
            </label>
            <button
              type="button"
              disabled={index >= attempts.length - 1}
              onClick={() => setChosen(index + 1)}
            >
              Later →
            </button>
          </div>
          <AttemptView attempt={attempt} before={before?.code} place={`${index + 1} of ${attempts.length}`} />
        </section>
      )}
      <h2>What else happened</h2>
      <ul class="happenings">
        {happenings.toReversed().map(({ at, slug, what, text }) => (
          <li key={`${at}${what}${slug}${text}`}>
            <time dateTime={at}>{timeOfDay(at)}</time> {titleOf(overview, slug)} {what} {text}
          </li>
        ))}
      </ul>
    </>
  )
}

function titleOf(overview: Overview | undefined, slug: string | undefined): string {
  return overview?.class.lessons.find((lesson) => lesson.slug === slug)?.title ?? slug ?? ''
}

interface AttemptProps {
  readonly attempt: Attempt
  readonly before: string | undefined
  readonly place: string
}

function AttemptView({ attempt, before, place }: AttemptProps) {
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
      {diagnosis !== undefined && <p class="diagnosis">{diagnosis}</p>}
      <p class="quiet-text">{tasks.map(({ task, state }) => `${task}: ${state}`).join(' · ')}</p>
      {code === undefined ? (
        <p class="quiet-text">The code of this attempt was not shared.</p>
      ) : (
        <Code code={code} before={before} />
      )}
    </article>
  )
}

/** The code, with what is new since the attempt before; as text, whatever it says. */
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
