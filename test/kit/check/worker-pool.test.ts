import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WorkerPool } from '../../../src/check/host/worker-pool.ts'
import { WorkerProcess } from '../../../src/check/host/worker-process.ts'

/** Has loaded as soon as there's a file called `go`. */
const script = `
import { existsSync, writeSync } from 'node:fs'
const timer = setInterval(() => {
  if (!existsSync(process.argv[1] + '.go')) return
  clearInterval(timer)
  writeSync(3, 'loaded\\n')
}, 5)
process.stdin.resume()
`
let folder: string
let started: WorkerProcess[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eventlings-pool-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function poolOf(path: string): WorkerPool {
  started = []
  return new WorkerPool(() => {
    const environment = { url: 'redis://127.0.0.1:1', kind: 'embedded' as const, has: [], allow: [] }
    const process = new WorkerProcess(path, environment, folder)
    started.push(process)
    return process
  })
}

test('a check stopped while its process loads leaves the process to the next one', async () => {
  const path = join(folder, 'held.mjs')
  await writeFile(path, script)
  const pool = poolOf(path)
  pool.fill(1)
  const first = pool.take(false)
  const stop = new AbortController()
  const waiting = first.loaded(stop.signal)
  stop.abort()
  await waiting
  expect(first).toMatchObject({ usable: true, used: false })
  expect(pool.isReady).toBe(false)
  pool.giveBack(first)
  expect(pool.isReady).toBe(true)
  expect(pool.take(false)).toBe(first)
  await writeFile(`${path}.go`, '')
  await first.loaded()
  expect(started).toHaveLength(1)
  first.kill()
})

test('processes load one after the other, and one that cannot load is not replaced', async () => {
  const path = join(folder, 'free.mjs')
  await writeFile(path, script)
  const pool = poolOf(path)
  pool.fill(3)
  expect(started).toHaveLength(1)
  await writeFile(`${path}.go`, '')
  for (let count = 0; count < started.length; count += 1) await started[count]?.loaded()
  expect(started).toHaveLength(3)
  pool.close()

  const broken = poolOf(join(folder, 'nowhere.mjs'))
  broken.fill(3)
  await started[0]?.loaded()
  expect(started).toMatchObject([{ usable: false }])
  broken.close()
})
