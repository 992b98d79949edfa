import path from 'node:path'

/** The files of one progress log, all in one folder. */
export interface LogFiles {
  readonly folder: string
  readonly log: string
  readonly lock: string
  /** Lines that were truncated or unreadable when the log was fixed or rewritten: nothing is thrown away. */
  readonly torn: string
  /** The log before the last import. */
  readonly backup: string
}

/** `folder` is `.eventlings` of the project. */
export function logFilesIn(folder: string): LogFiles {
  const log = path.join(folder, 'progress.jsonl')
  return { folder, log, lock: path.join(folder, 'progress.lock'), torn: `${log}.torn`, backup: `${log}.bak` }
}
