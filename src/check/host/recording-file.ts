import { readFileSync, rmSync, statSync } from 'node:fs'
import type { Recording } from '../../recording/index.ts'

/** More than a recording can have, so that an answer that writes there can't fill our memory (bytes). */
const MOST_BYTES = 4_000_000

/** Reads what a worker recorded, and deletes the file; undefined if it recorded nothing. */
export async function takeRecording(file: string): Promise<Recording | undefined> {
  try {
    if (statSync(file).size > MOST_BYTES) return undefined
    const text = readFileSync(file, 'utf8')
    const { parseRecording } = await import('../../recording/parse.ts') // only here, because it loads the schema
    return parseRecording(text, file)
  } catch {
    return undefined
  } finally {
    rmSync(file, { force: true })
  }
}
