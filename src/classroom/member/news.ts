import { self } from '../../common/self.ts'
import { announcementsAt } from '../announcements.ts'
import type { Announcements, ClassView } from '../api.ts'
import { limits } from '../limits.ts'
import { plainText } from '../projections/names.ts'

/** The class news that a learner saw last. */
export type Told = Pick<Announcements, 'position' | 'timer' | 'message' | 'pause' | 'released'> &
  Pick<ClassView, 'note' | 'left'> & { readonly closed?: boolean }

/** Lessons as they're called on the screen; undefined for one that this course doesn't have. */
export type LessonName = (slug: string) => string | undefined

/** What is new since then, one sentence each. All of it is advice. `clock` formats a time of day. */
export function newsFor(
  view: ClassView,
  told: Told | undefined,
  name: LessonName,
  clock: (iso: string) => string,
): readonly string[] {
  const now = linesOf(view, name, clock)
  const before = new Set(told === undefined ? [] : linesOf(asTold(view, told), name, clock))
  return now.filter((line) => !before.has(line))
}

/** The class as it was when its news was shown. */
function asTold(view: ClassView, { note, left, closed = false, ...lead }: Told): ClassView {
  const { note: _, left: __, ...rest } = view
  return { ...rest, lead, closed, ...(note !== undefined && { note }), ...(left !== undefined && { left }) }
}

export function toldOf({ lead, note, left, closed }: ClassView): Told {
  return { ...lead, closed, ...(note !== undefined && { note }), ...(left !== undefined && { left }) }
}

/** Fewer events or bytes than that, and the participant is told. */
const LITTLE = { events: 500, bytes: 500_000 }

/** All current class news. */
export function linesOf(
  view: ClassView,
  name: LessonName,
  clock: (iso: string) => string,
): readonly string[] {
  const { message, released, ...plan } = announcementsAt(view.lead, view.now)
  const { position, pause, timer } = view.closed ? {} : plan // a closed class is nowhere, and waits for nothing
  const lines: string[] = []
  if (view.closed) lines.push('The class is closed. Your progress stays on your machine.')
  const at = position && name(position)
  if (at) lines.push(`The class is at ${at}.`)
  if (pause) lines.push(pause.until ? `There's a break until ${clock(pause.until)}.` : "There's a break.")
  if (timer) {
    const text = said(timer.text)
    lines.push(`Time until ${clock(timer.until)}${text && `: ${text}`}`)
  }
  if (message) lines.push(`Your instructor says: ${said(message.text)}`)
  if (view.note) lines.push(`Your instructor says to you: ${said(view.note.text)}`)
  const { left } = view
  if (left !== undefined && (left.events === 0 || left.bytes === 0)) {
    lines.push("The class can't store anything more from you. Your progress stays on your machine.")
  } else if (left !== undefined && (left.events < LITTLE.events || left.bytes < LITTLE.bytes)) {
    lines.push("You've almost reached the limit of what the class stores for one learner.")
  }
  for (const slug of released) {
    const lesson = name(slug)
    if (lesson)
      lines.push(`The solution to ${lesson} has been released: ${self} solution ${slug.split('-')[0]}`)
  }
  return lines
}

/** The hub is a program on another machine, so its messages must not control the terminal. */
function said(text: string): string {
  return plainText(String(text), limits.text)
}
