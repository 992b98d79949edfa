import { PassThrough } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import { expect, onTestFinished, test, vi } from 'vitest'
import { palette } from '../../../src/terminal/index.ts'
import { readPages } from '../../../src/walkthrough/pager.ts'
import type { Passage, Reading } from '../../../src/walkthrough/ui.ts'

/** A page of one line on a terminal of that size, with the keys of a lesson. */
function open(
  columns: number,
  rows: number,
  { offers, ...options }: Pick<Reading, 'run' | 'onTurned'> & Pick<Passage, 'offers'> = {
    run: async () => {},
  },
) {
  const keyboard = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => keyboard })
  const screen = Object.assign(new PassThrough(), { columns, rows })
  let shown = ''
  screen.on('data', (chunk) => {
    shown += chunk
  })
  const render = vi.fn(async (width: number) => [
    { text: `a page of ${width} columns`, ...(offers && { offers }) },
  ])
  const reading = readPages(
    render,
    {
      input: keyboard as unknown as ReadStream,
      output: screen as unknown as WriteStream,
      palette: palette({ colours: false, unicode: true }),
    },
    { hasKeys: true, ...options },
  )
  onTestFinished(async () => {
    keyboard.write('\u0003')
    await reading.catch(() => {})
  })
  return {
    /** The text that was drawn since, once it has that in it. */
    until: async (text: string) => {
      await vi.waitFor(() => expect(shown).toContain(text), { timeout: 10_000 })
      const all = shown
      shown = ''
      return all
    },
    type: (keys: string) => void keyboard.write(keys),
    resize: (size: { readonly columns?: number; readonly rows: number }) => {
      Object.assign(screen, size)
      screen.emit('resize')
    },
  }
}

test('a resize draws the same part of the keys again, for the new size, and the page below it, too', async () => {
  const { until, type, resize } = open(60, 12)
  await until('a page of 60')
  type('?')
  await until('Any key shows more.')
  resize({ rows: 12 })
  expect(await until('Any key shows more.')).toContain('Keys\n')
  type(' ')
  expect(await until('Any key')).not.toContain('Keys\n')
  resize({ columns: 90, rows: 60 })
  expect(await until('Any key goes back to the page.')).toContain('Keys\n')
  type(' ')
  await until('a page of 90')
})

test('a page without a snippet says so in one line of 60 columns', async () => {
  const { until, type } = open(60, 12)
  await until('a page of 60')
  type('r')
  const said = await until("There's nothing to run")
  expect(said.split('\n').at(-1)?.trimEnd().length).toBeLessThanOrEqual(60)
})

test('the keys of a terminal that reports no size have screens of 24 lines', async () => {
  const { until, type } = open(0, 0)
  await until('a page of 80')
  type('?')
  const [first = ''] = (await until('Any key')).split('Any key')
  expect(first.split('\n').length).toBeGreaterThan(10)
})

test('while a snippet runs, the line of keys says so, even after a question in its place', async () => {
  let finish = () => {}
  const { until, type } = open(60, 24, {
    offers: 1,
    run: async (_, instead) => {
      await instead(async () => {})
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    },
  })
  await until('q leave')
  type('r')
  const said = await until("Running … Keys work again when it's done; Ctrl-C quits.")
  expect(said.split('Running …').slice(1)).toHaveLength(2)
  type('q') // meant for a page that isn't there yet
  finish()
  await until('q leave')
})

test('a reader who only looks at the first page has turned none', async () => {
  const onTurned = vi.fn(async () => {})
  const { until, type } = open(60, 24, { onTurned })
  await until('q leave')
  type('?')
  await until('Any key goes back')
  type('b')
  await until('q leave')
  expect(onTurned).not.toHaveBeenCalled()
  type(' ')
  await vi.waitFor(() => expect(onTurned).toHaveBeenCalledOnce())
})
