import { existsSync } from 'node:fs'
import path from 'node:path'

/** The files of the learner's side, all in `.eventlings`. */
export interface ClassFiles {
  /** Which class, as whom, and the token: only this user can read it. */
  readonly membership: string
  /** How much of the progress log the class has. */
  readonly sent: string
  /** The latest news from the class. */
  readonly view: string
  /** The news that was shown last. */
  readonly shown: string
  /** Answers that wait to be sent, one file each. */
  readonly code: string
  /** Recordings that wait to be sent, one file each. */
  readonly runs: string
  /** The lock of a program that is sending. */
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
    runs: at('class-runs'),
    sender: at('class-sender.lock'),
  }
}

/** One look at the disk, for every command: nothing else about classes is loaded for learners who aren't in one. */
export function isInClass(folder: string): boolean {
  return existsSync(classFiles(folder).membership)
}
