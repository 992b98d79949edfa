import { existsSync } from 'node:fs'
import path from 'node:path'

/** The files of the learner's side, all in `.eventlings`. */
export interface ClassFiles {
  /** Which class, as whom, and the token: only for this user to read. */
  readonly membership: string
  /** How far the class has the progress log. */
  readonly sent: string
  /** What the class said last. */
  readonly view: string
  /** What of it was shown last. */
  readonly shown: string
  /** Answers that wait to be sent, a file for each. */
  readonly code: string
  /** Somebody is sending. */
  readonly sender: string
}

export function classFiles(folder: string): ClassFiles {
  const at = (name: string) => path.join(folder, name)
  return {
    membership: at('class.json'),
    sent: at('class-sent.json'),
    view: at('class-view.json'),
    shown: at('class-shown.json'),
    code: at('class-code'),
    sender: at('class-sender.lock'),
  }
}

/** One look at the disk, for every command: nothing else of the class is loaded for those who are in none. */
export function isInClass(folder: string): boolean {
  return existsSync(classFiles(folder).membership)
}
