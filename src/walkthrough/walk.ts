import type { CheckSession } from '../learner/check-session.ts'
import type { Learner } from '../learner/learner.ts'
import type { Recording } from '../recording/index.ts'
import type { Palette } from '../terminal/index.ts'
import type { Ui } from './ui.ts'

/** What every part of the walkthrough works with. */
export interface Walk {
  readonly learner: Learner
  readonly session: CheckSession
  readonly ui: Ui
  readonly palette: Palette
  /** Whether answers build on the learner's own earlier ones, and not on the model solutions. */
  readonly isOnOwn: boolean
  /** How far the learner has read, by lesson. */
  readonly bookmarks: Map<string, { share: number }>
  /** Settles when the last failing run has been recorded; undefined when none is being recorded. */
  recording?: Promise<unknown> | undefined
  /** Opens a file in the learner's editor; rejects with EditorError. */
  edit(file: string): Promise<void>
  /** The watch screen, until the learner leaves it. Resolves to the slug of the lesson where they left it. */
  watch(slug: string): Promise<string>
  /** Steps through a run on the whole screen. */
  explore(recording: Recording): Promise<void>
  /** Shows a lesson, or all of them, on the workbench's page in the browser; resolves at once. */
  workbench?(slug: string | undefined): Promise<void>
  /** The prompt with the data of a lesson, until the learner leaves it. */
  console(slug: string): Promise<void>
}

export function bookmarkIn({ bookmarks }: Pick<Walk, 'bookmarks'>, slug: string): { share: number } {
  const bookmark = bookmarks.get(slug) ?? { share: 0 }
  bookmarks.set(slug, bookmark)
  return bookmark
}
