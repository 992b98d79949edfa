import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf, saidBySystem } from '../common/errors.ts'
import { shownPath } from '../common/shown-path.ts'
import { inWords } from '../common/system-errors.ts'
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

/** What a lesson's last failing check did, to step through, or a sentence that says why there's nothing to show. */
export async function lastRunOf(home: Pick<Home, 'log'>, slug: string): Promise<Recording | string> {
  const recording = await readLastRun(home).catch((error: unknown) => unreadable(lastRunFile(home), error))
  if (typeof recording === 'string') return recording
  const next = 'The next check that fails will be recorded.'
  if (recording === undefined) return `No run of this lesson has been recorded yet. ${next}`
  if (recording.lesson !== slug) return `The last recorded run is from ${recording.lesson}. ${next}`
  if (recording.steps.length === 0)
    return 'The last test that failed sent no commands to Redis, so there are no steps to show.'
  return recording
}

/** Throws what isn't the fault of the file. */
function unreadable(file: string, error: unknown): string {
  const name = shownPath(file)
  if (error instanceof Error && error.name === 'BadRecordingError')
    return `${name} isn't a recording that this version of eventlings can show. The next check that fails replaces it.`
  const code = codeOf(error)
  if (code === '') throw error
  const reason = inWords(code) ?? saidBySystem(error)
  return `${name} can't be read: ${reason}. Delete it, and the next check that fails will be recorded.`
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
