import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Recording } from '../recording/index.ts'
import type { Home } from './paths.ts'

/** Where the recording of the last check that failed is. */
export function lastRunFile({ log }: Pick<Home, 'log'>): string {
  return join(log, 'last-run.json')
}

/** Keeps the recording of a check that failed, in place of the one before. A folder that can't be written to has none. */
export function keepLastRun(home: Pick<Home, 'log'>, recording: Recording): void {
  try {
    writeRecording(lastRunFile(home), recording)
  } catch {
    // The verdict has been shown, and progress says what's wrong with the folder.
  }
}

/** The recording of the last check that failed; undefined if there's none yet. Throws BadRecordingError. */
export async function readLastRun(home: Pick<Home, 'log'>): Promise<Recording | undefined> {
  const file = lastRunFile(home)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const { parseRecording } = await import('../recording/parse.ts')
  return parseRecording(text, file)
}

/** Writes the whole file or none of it, for this user's eyes only: it has what the answer wrote to Redis. */
export function writeRecording(file: string, recording: Recording): void {
  mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    writeFileSync(temporary, `${JSON.stringify(recording)}\n`, { mode: 0o600 })
    renameSync(temporary, file)
  } finally {
    rmSync(temporary, { force: true })
  }
}
