import { useEffect, useState } from 'preact/hooks'
import { type Overview, type ParticipantPage, paths } from '../../../classroom/api.ts'
import { ask, post } from '../ask.ts'
import { AttemptView } from './attempt.tsx'
import { timeOfDay } from './clock.tsx'
import { counted } from './counted.ts'
import { useClass } from './live.ts'
import { ManageParticipant } from './manage-participant.tsx'
import { Timeline } from './timeline.tsx'

/** One participant: every attempt and, if they agreed, their code, forward and back in time. */
export function Participant({ id }: { readonly id: string }) {
  const { overview } = useClass()
  const row = overview?.participants.find((one) => one.id === id)
  const [page, setPage] = useState<ParticipantPage | undefined>(undefined)
  const [problem, setProblem] = useState('')
  useEffect(() => {
    // The row comes with the first message; before that, everything would be fetched twice. Without one, they've left.
    if (row === undefined) return
    let wanted = true
    void ask<ParticipantPage>(`${paths.participant}${encodeURIComponent(id)}`).then((reply) => {
      if (!wanted) return
      if (reply.kind === 'problem') setProblem(reply.sentence)
      else setPage(reply)
    })
    return () => {
      wanted = false
    }
  }, [id, row]) // a row is a new object whenever a participant has news
  if (overview !== undefined && row === undefined) {
    return <p role="status">That participant isn't in the class anymore.</p>
  }
  if (page === undefined) return <p role="status">{problem === '' ? 'Loading …' : problem}</p>
  return <Whole page={page} overview={overview} />
}

function Whole({
  page,
  overview,
}: {
  readonly page: ParticipantPage
  readonly overview: Overview | undefined
}) {
  const { attempts, happenings, earlier } = page
  // News about them comes before their attempts do.
  const row = overview?.participants.find(({ id }) => id === page.row.id) ?? page.row
  const [chosen, setChosen] = useState<number | undefined>(undefined)
  // Without a choice it's the newest, even when a newer one arrives.
  const index = Math.min(chosen ?? attempts.length - 1, attempts.length - 1)
  const attempt = attempts[index]
  const before = attempts
    .slice(0, Math.max(index, 0))
    .findLast(({ slug, code }) => slug === attempt?.slug && code !== undefined)
  return (
    <>
      <h1>{row.label}</h1>
      <p class="quiet-text">
        joined {timeOfDay(row.joinedAt)} · last heard from {timeOfDay(row.seenAt)} ·{' '}
        {row.sharesCode ? 'shares their code' : "doesn't share their code"}
      </p>
      {row.hand !== undefined && (
        <p class="raised">
          <span aria-hidden="true">✋</span> {row.hand.text || 'raised a hand'}{' '}
          <button type="button" onClick={() => post(paths.lead, { do: 'lower hand', participant: row.id })}>
            Lower hand
          </button>
        </p>
      )}
      <Timeline checks={row.checks} />
      <ManageParticipant row={row} overview={overview} />
      {earlier > 0 && <p class="quiet-text">The export has {counted(earlier, 'earlier attempt')}.</p>}
      {attempt === undefined ? (
        <p>No checks yet.</p>
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
            <time dateTime={at}>{timeOfDay(at)}</time>{' '}
            {[what, titleOf(overview, slug), text].filter(Boolean).join(' · ')}
          </li>
        ))}
      </ul>
    </>
  )
}

function titleOf(overview: Overview | undefined, slug: string | undefined): string {
  return overview?.class.lessons.find((lesson) => lesson.slug === slug)?.title ?? slug ?? ''
}
