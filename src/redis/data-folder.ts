import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guard } from './guardian.ts'

export interface DataFolder {
  readonly path: string
  remove(): Promise<void>
}

/** A temporary folder that only this user can read, and that is deleted when this process ends. */
export async function makeDataFolder(): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), 'eventlings-redis-'))
  const release = guard({ kind: 'folder', path })
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 5 })
      release()
    },
  }
}
