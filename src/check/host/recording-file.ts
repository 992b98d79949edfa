import { readFileSync, rmSync, statSync } from 'node:fs'
import type { Recording } from '../../recording/index.ts'
import type { RecordJob } from '../protocol.ts'
import { isSignature } from '../worker/report.ts'

/** More than a recording can have, so that an answer that writes there can't fill our memory (bytes). */
const MOST_BYTES = 4_000_000

/**
 * Reads what a worker recorded, and deletes the file; undefined if it recorded nothing, or if someone else wrote there.
 * It's signed, so there's no need to check it against the schema, which takes 70 ms to load.
 */
export function takeRecording({ file, secret }: Pick<RecordJob, 'file' | 'secret'>): Recording | undefined {
  try {
    if (statSync(file).size > MOST_BYTES) return undefined
    const text = readFileSync(file, 'utf8')
    const at = text.indexOf('\n')
    const json = text.slice(at + 1)
    return isSignature(text.slice(0, Math.max(at, 0)), secret, json)
      ? (JSON.parse(json) as Recording)
      : undefined
  } catch {
    return undefined
  } finally {
    rmSync(file, { force: true })
  }
}
