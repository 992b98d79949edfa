import { type Overview, type ParticipantPage, paths } from '../../../classroom/api.ts'
import { post } from '../ask.ts'
import { Attempts } from './attempts.tsx'
import { timeOfDay } from './clock.tsx'
import { counted } from './counted.ts'
import { useClass } from './live.ts'
import { ManageParticipant } from './manage-participant.tsx'
import { useParticipant } from './use-participant.ts'

/** One participant: every attempt and, if they agreed, their code, forward and back in time. */
export function Participant({ id }: { readonly id: string }) {
  const { overview } = useClass({ whileHidden: false })
  const page = useParticipant(id, overview)
  switch (page.kind) {
    case 'participant':
      return <Whole page={page} overview={overview} />
    case 'gone':
      return <p role="status">That learner isn't in the class anymore.</p>
    default:
      return <p role="status">{page.kind === 'problem' ? page.sentence : 'Loading …'}</p>
  }
}

function Whole({
  page,
  overview,
}: {
  readonly page: ParticipantPage
  readonly overview: Overview | undefined
}) {
  const { activity, earlier } = page
  // News about them comes before their attempts do.
  const row = overview?.participants.find(({ id }) => id === page.row.id) ?? page.row
  return (
    <>
      <h1>{row.label}</h1>
      <Neighbors of={row.id} overview={overview} />
      <p class="quiet-text">
        joined {timeOfDay(row.joinedAt)} · last heard from {timeOfDay(row.seenAt)} ·{' '}
        {row.sharesCode ? 'shares their code' : "doesn't share their code"}
      </p>
      {row.hand !== undefined && (
        <p class="raised">
          <span aria-hidden="true">✋</span> {row.hand.text || 'raised a hand'}{' '}
          <button
            type="button"
            onClick={() => post(paths.command, { do: 'lower hand', participant: row.id })}
          >
            Lower hand
          </button>
        </p>
      )}
      <ManageParticipant row={row} overview={overview} />
      {earlier > 0 && <p class="quiet-text">The export has {counted(earlier, 'earlier attempt')}.</p>}
      <Attempts page={page} overview={overview} />
      <h2>What else happened</h2>
      <ul class="activity">
        {activity.toReversed().map(({ at, slug, what, text }) => (
          <li key={`${at}${what}${slug}${text}`}>
            <time dateTime={at}>{timeOfDay(at)}</time>{' '}
            {[what, titleOf(overview, slug), text].filter(Boolean).join(' · ')}
          </li>
        ))}
      </ul>
    </>
  )
}

/** Links to the participants who joined before and after, so that an instructor can go through the class. */
function Neighbors({ of, overview }: { readonly of: string; readonly overview: Overview | undefined }) {
  const all = overview?.participants ?? []
  const index = all.findIndex(({ id }) => id === of)
  const [before, after] = [all[index - 1], all[index + 1]]
  if (index === -1 || (before === undefined && after === undefined)) return null
  return (
    <nav class="neighbors" aria-label="Learners">
      {before !== undefined && <a href={`/instructor/participants/${before.id}`}>← {before.label}</a>}
      {after !== undefined && <a href={`/instructor/participants/${after.id}`}>{after.label} →</a>}
    </nav>
  )
}

function titleOf(overview: Overview | undefined, slug: string | undefined): string {
  return overview?.class.lessons.find((lesson) => lesson.slug === slug)?.title ?? slug ?? ''
}
