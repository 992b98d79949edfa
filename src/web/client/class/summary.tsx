import type { ComponentChildren } from 'preact'
import type { Overview } from '../../../classroom/api.ts'
import { Sentence } from '../sentence.tsx'
import { Scroller } from './scroller.tsx'
import { ShowOnWall } from './show-on-wall.tsx'
import { looks, statuses } from './status.tsx'
import { useCommand } from './use-command.ts'

const WIDTH = 100

/** How the class as a whole is doing: a bar for each lesson. */
export function Histogram({
  overview,
  children,
}: {
  readonly overview: Overview
  readonly children?: ComponentChildren
}) {
  const { summary, announcements } = overview
  const heads = new Map(overview.class.lessons.map((lesson) => [lesson.slug, lesson]))
  return (
    <section class="histogram" aria-labelledby="histogram">
      <h2 id="histogram">Lesson by lesson</h2>
      {children}
      <Scroller label="All lessons" shape="high">
        <ul>
          {summary.lessons.map(({ slug, counts }) => {
            const head = heads.get(slug)
            const told = statuses
              .filter((status) => status !== 'new' && counts[status] > 0)
              .map((status) => `${counts[status]} ${looks[status].word}`)
            return (
              <li key={slug} class={slug === announcements.position ? 'here' : ''}>
                <span class="name">
                  {head?.number} {head?.title}
                </span>
                <Bar counts={counts} of={summary.participants} />
                <span class="told">{told.length === 0 ? 'no one yet' : told.join(', ')}</span>
              </li>
            )
          })}
        </ul>
      </Scroller>
    </section>
  )
}

interface BarProps {
  readonly counts: Overview['summary']['lessons'][number]['counts']
  readonly of: number
}

function Bar({ counts, of }: BarProps) {
  const parts = statuses
    .filter((status) => status !== 'new')
    .toReversed()
    .map((status) => ({ status, width: of === 0 ? 0 : (counts[status] / of) * WIDTH }))
  let x = 0
  return (
    <svg class="bar" viewBox={`0 0 ${WIDTH} 8`} preserveAspectRatio="none" aria-hidden="true">
      {parts.map(({ status, width }) => {
        const at = x
        x += width
        return <rect key={status} class={status} x={at} y={0} width={width} height={8} />
      })}
    </svg>
  )
}

/**
 * What several participants are failing on right now, most frequent first. On the wall, without names and only in the
 * course's own words: anything else was written by a participant.
 */
export function Diagnoses({ overview, names }: { readonly overview: Overview; readonly names: boolean }) {
  const { announcements } = overview
  const { participants, diagnoses } = overview.summary
  const { send } = useCommand()
  const shown = names ? diagnoses : diagnoses.filter(({ sentence }) => sentence !== undefined)
  const labels = new Map(overview.participants.map(({ id, label }) => [id, label]))
  const lessons = new Map(overview.class.lessons.map((lesson) => [lesson.slug, lesson]))
  return (
    <section class="diagnoses" aria-labelledby="diagnoses">
      <h2 id="diagnoses">Stuck on right now</h2>
      {names && announcements.shown !== undefined && (
        <p class="said">
          On the wall:{' '}
          {announcements.shown.kind === 'text'
            ? `“${announcements.shown.text}”`
            : 'an attempt, without a name'}{' '}
          <button type="button" onClick={() => send({ do: 'show' })}>
            Take it down
          </button>
        </p>
      )}
      {shown.length === 0 && (
        <p class="quiet-text">
          {names
            ? "No one's last check failed, except on untouched starters."
            : 'Nothing to show here right now.'}
        </p>
      )}
      <Scroller label="All diagnoses" shape="high">
        <ol>
          {shown.map(({ slug, task, diagnosis, sentence, participants: who }) => (
            <li key={`${slug}${task}${diagnosis}`}>
              <p>
                <strong>
                  {who.length} of {participants}
                </strong>
                <span class="quiet-text">
                  {' '}
                  · {lessons.get(slug)?.number ?? ''}{' '}
                  {names || lessons.get(slug)?.tasks?.includes(task ?? '') ? task : ''}
                </span>
              </p>
              <p class="diagnosis">
                <Sentence text={names ? diagnosis : (sentence ?? '')} />
              </p>
              {names && (
                <details>
                  <summary>Who</summary>
                  <p>{who.map((id) => labels.get(id) ?? 'someone who left').join(', ')}</p>
                  <ShowOnWall text={sentence ?? diagnosis} />
                </details>
              )}
            </li>
          ))}
        </ol>
      </Scroller>
    </section>
  )
}
