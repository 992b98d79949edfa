import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/**
 * A PATH with nothing but our own `redis-server`: a JavaScript program that gets the usual flags.
 * The system must honor the first line of a script, so tests with it are for Unix.
 */
export async function pathWithServer(script: string): Promise<{ PATH: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'eventlings-path-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'redis-server')
  await writeFile(file, `#!${process.execPath}\n${script}`)
  await chmod(file, 0o755)
  return { PATH: folder }
}

/** Prints what a redis-server of this version prints when it starts, and stays alive. */
export function serverOfVersion(version: string): string {
  return `
    console.log('1:C 21 Nov 2026 08:33:24.114 # Redis version=${version}, bits=64, commit=00000000, pid=1')
    console.log('1:M 21 Nov 2026 08:33:24.116 * Ready to accept connections')
    setInterval(() => {}, 1000)`
}
