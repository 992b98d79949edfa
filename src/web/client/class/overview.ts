import type { Changes, Overview, ParticipantRow, Status } from '../../../classroom/api.ts'

/** The class after the hub's latest message. Unchanged rows stay the same objects, and aren't drawn again. */
export function withChanges(before: Overview, changes: Changes): Overview {
  const { now, announcements, summary, joinCode, undo, removed = [], full } = changes
  const gone = new Set(changes.left)
  const fresh = new Map(changes.participants.map((row) => [row.id, row]))
  const kept = before.participants
    .filter(({ id }) => !gone.has(id))
    .map((row) => {
      const changed = fresh.get(row.id)
      fresh.delete(row.id)
      return changed ?? row
    })
  const { undo: _, full: __, ...rest } = before
  return {
    ...rest,
    ...{ now, announcements, summary, joinCode, removed, class: changes.class },
    ...(undo !== undefined && { undo }),
    ...(full && { full }),
    participants: [...kept, ...fresh.values()],
  }
}

export type Order = 'hands first' | 'name' | 'progress' | 'longest on their task' | 'quiet the longest'

export const orders: readonly Order[] = [
  'hands first',
  'name',
  'progress',
  'longest on their task',
  'quiet the longest',
]

export type Shown = 'everyone' | 'failing' | 'hands up' | 'not started' | 'done with the current lesson'

export const filters: readonly Shown[] = [
  'everyone',
  'failing',
  'hands up',
  'not started',
  'done with the current lesson',
]

/** Rows as the instructor wants to see them; `text` is part of a name. */
export function rowsToShow(
  { participants, announcements }: Pick<Overview, 'participants' | 'announcements'>,
  order: Order,
  shown: Shown,
  text: string,
): readonly ParticipantRow[] {
  const wanted = text.trim().toLocaleLowerCase()
  return participants
    .filter((row) => isShown(row, shown, announcements.position))
    .filter(({ label }) => label.toLocaleLowerCase().includes(wanted))
    .toSorted((a, b) => compare(a, b, order) || a.label.localeCompare(b.label) || a.number - b.number)
}

function isShown(row: ParticipantRow, shown: Shown, position: string | undefined): boolean {
  switch (shown) {
    case 'everyone':
      return true
    case 'failing':
      return row.failure !== undefined
    case 'hands up':
      return row.hand !== undefined
    case 'not started':
      return Object.keys(row.lessons).length === 0
    case 'done with the current lesson':
      return position !== undefined && isDone(row.lessons[position]?.light ?? 'new')
  }
}

function compare(a: ParticipantRow, b: ParticipantRow, order: Order): number {
  switch (order) {
    case 'hands first':
      return Number(a.hand === undefined) - Number(b.hand === undefined) || earlier(a.hand?.at, b.hand?.at)
    case 'name':
      return 0
    case 'progress':
      return passed(b) - passed(a)
    case 'longest on their task':
      return (
        Number(a.current === undefined) - Number(b.current === undefined) ||
        earlier(a.current?.since, b.current?.since)
      )
    case 'quiet the longest':
      return earlier(a.seenAt, b.seenAt)
  }
}

/** ISO times in UTC compare as strings. */
function earlier(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function isPassed(status: Status): boolean {
  return status === 'passed' || status === 'passed-after-solution'
}

/** Anyone who skipped a lesson is done with it. */
function isDone(status: Status): boolean {
  return isPassed(status) || status === 'skipped'
}

function passed({ lessons }: ParticipantRow): number {
  return Object.values(lessons).filter(({ light }) => isPassed(light)).length
}
