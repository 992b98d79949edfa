import { expect, test } from 'vitest'
import { Pool } from '../../../src/authoring/pool.ts'

/** Work that ends on request. */
function work() {
  const started: string[] = []
  const end = new Map<string, () => void>()
  const run = (name: string) => (worker: string) => {
    started.push(`${name} on ${worker}`)
    return new Promise<string>((resolve) => end.set(name, () => resolve(name)))
  }
  return { started, run, end: (name: string) => end.get(name)?.() }
}

test('first come, first served, by the next free worker', async () => {
  const { started, run, end } = work()
  const pool = new Pool(['left', 'right'])
  const [first, second, third, fourth] = ['first', 'second', 'third', 'fourth'].map((name) =>
    pool.use(run(name)),
  )
  expect(started).toEqual(['first on left', 'second on right'])
  end('second')
  await second
  end('first')
  await first
  await expect
    .poll(() => started)
    .toEqual(['first on left', 'second on right', 'third on right', 'fourth on left'])
  end('third')
  end('fourth')
  expect(await Promise.all([third, fourth])).toEqual(['third', 'fourth'])
})

test('more work is wanted when none is waiting, though the workers are busy', async () => {
  const { run, end } = work()
  const pool = new Pool(['only'])
  const first = pool.use(run('first'))
  await pool.shortOfWork()
  const second = pool.use(run('second'))
  let wanted = false
  const short = pool.shortOfWork().then(() => {
    wanted = true
  })
  expect(wanted).toBe(false)
  end('first')
  await first
  await short
  expect(wanted).toBe(true)
  end('second')
  await second
})

test('failing work releases its worker', async () => {
  const pool = new Pool(['only'])
  await expect(pool.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await pool.use(async (worker) => worker)).toBe('only')
})
