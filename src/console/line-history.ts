import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const MOST_LINES = 500
/** As redis-cli does: lines that may contain a password aren't kept. */
const SECRET = /^\s*(AUTH|HELLO|MIGRATE|ACL\s+SETUSER|CONFIG\s+SET\s+\S*(pass|auth))\b/i

/** The lines of earlier sessions, the latest first, as `node:readline` wants them. */
export function readLines(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines
      .filter((line) => line !== '')
      .slice(-MOST_LINES)
      .reverse()
  } catch {
    return []
  }
}

/** If the history can't be written, the console goes on: only the history is lost at the end. */
export function saveLines(file: string, latestFirst: readonly string[]): void {
  const lines = latestFirst.filter((line) => !SECRET.test(line)).slice(0, MOST_LINES)
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      lines
        .toReversed()
        .map((line) => `${line}\n`)
        .join(''),
      { mode: 0o600 },
    )
  } catch {
    // A read-only folder.
  }
}
