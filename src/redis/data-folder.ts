import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guard } from './guardian.ts'

export interface DataFolder {
  readonly path: string
  remove(): Promise<void>
}

/** A folder of the system's temporary one that only this user can read, and that goes when this process goes. */
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
