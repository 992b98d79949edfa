import type { Overview, ParticipantRow } from '../classroom/api.ts'
import { table } from '../terminal/table.ts'
import type { Context } from './context.ts'

/** As many as fit on a screen that scrolls a little. */
const MOST = 30

/** Where everyone is, for an instructor without a browser: raised hands first, the longest first. */
export function roster(overview: Overview, { palette, width }: Pick<Context, 'palette' | 'width'>): string {
  const people = sorted(overview)
  const rows = people
    .slice(0, MOST)
    .map((row) => [`#${row.number}`, row.label, placeOf(row), sinceOf(row, overview.now), handOf(row)])
  const header = ['', 'Name', 'At', 'For', 'Hand']
  const all = table(rows, { palette, width, header, align: ['right'] })
  const hidden = people.length - rows.length
  return hidden > 0 ? `${all}\n\n${hidden} more; --json shows all of them.` : all
}

/** The same for programs, everyone. */
export function rosterData(overview: Overview) {
  return sorted(overview).map(({ number, label, current, hand, lessons }) => ({
    number,
    name: label,
    at: current ?? null,
    hand: hand ?? null,
    passed: passedIn(lessons),
  }))
}

function sorted({ participants }: Overview): readonly ParticipantRow[] {
  const raisedAt = ({ hand }: ParticipantRow) => hand?.at ?? '\uffff'
  return participants.toSorted((a, b) =>
    raisedAt(a) < raisedAt(b) ? -1 : raisedAt(a) > raisedAt(b) ? 1 : a.number - b.number,
  )
}

function placeOf({ current, lessons }: ParticipantRow): string {
  if (current === undefined) {
    return Object.keys(lessons).length === 0 ? 'not started' : `${passedIn(lessons).length} passed`
  }
  const { slug, task, attempts } = current
  const checks = attempts === 0 ? '' : `, ${attempts === 1 ? '1 check' : `${attempts} checks`}`
  return `${slug.slice(0, 2)}${task === undefined ? '' : ` ${task}`}${checks}`
}

function passedIn(lessons: ParticipantRow['lessons']): readonly string[] {
  return Object.keys(lessons).filter((slug) => lessons[slug]?.light.startsWith('passed'))
}

function sinceOf({ current }: ParticipantRow, now: string): string {
  if (current === undefined) return ''
  return `${Math.max(0, Math.floor((Date.parse(now) - Date.parse(current.since)) / 60_000))} min`
}

function handOf({ hand }: ParticipantRow): string {
  return hand === undefined ? '' : hand.text || 'raised'
}
