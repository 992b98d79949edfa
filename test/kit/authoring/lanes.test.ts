import { expect, test } from 'vitest'
import { Lanes } from '../../../src/authoring/lanes.ts'

/** Work that ends on request. */
function work() {
  const started: string[] = []
  const end = new Map<string, () => void>()
  const run = (name: string) => (lane: string) => {
    started.push(`${name} on ${lane}`)
    return new Promise<string>((resolve) => end.set(name, () => resolve(name)))
  }
  return { started, run, end: (name: string) => end.get(name)?.() }
}

test('first come, first served, by the next free lane', async () => {
  const { started, run, end } = work()
  const lanes = new Lanes(['left', 'right'])
  const [first, second, third, fourth] = ['first', 'second', 'third', 'fourth'].map((name) =>
    lanes.use(run(name)),
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

test('more work is wanted when none is waiting, though lanes are busy', async () => {
  const { run, end } = work()
  const lanes = new Lanes(['only'])
  const first = lanes.use(run('first'))
  await lanes.shortOfWork()
  const second = lanes.use(run('second'))
  let wanted = false
  const short = lanes.shortOfWork().then(() => {
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

test('failing work releases its lane', async () => {
  const lanes = new Lanes(['only'])
  await expect(lanes.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await lanes.use(async (lane) => lane)).toBe('only')
})
