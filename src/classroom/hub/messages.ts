import { announcementsAt } from '../announcements.ts'
import type { Changes, ClassHead, ClassView, ExportHead, LessonHead, Overview } from '../api.ts'
import { removedOf } from '../projections/removed.ts'
import type { ClassInfo } from './class-info.ts'
import type { Projection } from './projection.ts'

export interface MessagesOptions {
  readonly projection: Projection
  readonly lessons: readonly LessonHead[]
  readonly now: () => Date
  /** As it is now. */
  readonly classInfo: () => ClassInfo
  readonly isFull: () => boolean
}

/** What a hub tells pages and participants about the class as it is now; see api.ts. */
export class Messages {
  readonly #options: MessagesOptions
  /** Where learners reach the class. */
  addresses: readonly string[] = []

  constructor(options: MessagesOptions) {
    this.#options = options
  }

  overview(): Overview {
    const { projection } = this.#options
    return {
      kind: 'overview',
      ...this.#nowAndAnnouncements(),
      class: this.#head(),
      ...this.#leading(),
      addresses: this.addresses,
      participants: projection.rows(),
      summary: projection.summary(),
    }
  }

  /** Since the last call. */
  changes(): Changes {
    const { projection } = this.#options
    const { rows, left } = projection.takeChanges()
    return {
      kind: 'changes',
      ...this.#nowAndAnnouncements(),
      class: this.#head(),
      ...this.#leading(),
      participants: rows,
      left,
      summary: projection.summary(),
    }
  }

  exportHead(): ExportHead {
    const { now, announcements: lead } = this.#nowAndAnnouncements()
    return { kind: 'export', now, lead, class: this.#head() }
  }

  /** What this participant sees of the class; undefined for anyone else. */
  view(id: string): ClassView | undefined {
    const { projection, classInfo } = this.#options
    const row = projection.row(id)
    if (row === undefined) return undefined
    const { label, hand, note } = row
    const { name } = classInfo()
    const sharesCode = projection.find(id)?.share === true
    const closed = projection.class.closedAt !== undefined
    const own = { name, label, handIsUp: !!hand, sharesCode, closed }
    const {
      now,
      announcements: { shown: _, ...lead },
    } = this.#nowAndAnnouncements() // what's on the wall may be someone's attempt
    return { kind: 'class', now, lead, ...own, ...(note !== undefined && { note }) }
  }

  #nowAndAnnouncements() {
    const now = this.#options.now().toISOString()
    return { now, announcements: announcementsAt(this.#options.projection.class.announcements, now) }
  }

  /** What an instructor may act on next. */
  #leading() {
    const { undo, participants } = this.#options.projection.class
    const { joinCode } = this.#options.classInfo()
    const full = this.#options.isFull() && { full: true as const }
    return {
      joinCode,
      removed: removedOf(participants),
      ...(undo !== undefined && { undo: undo.what }),
      ...full,
    }
  }

  #head(): ClassHead {
    const { id, name, track, openedAt } = this.#options.classInfo()
    const { closedAt } = this.#options.projection.class
    const optional = { ...(track !== undefined && { track }), ...(closedAt !== undefined && { closedAt }) }
    return { id, name, lessons: this.#options.lessons, openedAt, ...optional }
  }
}
