import type { ReadStream, WriteStream } from 'node:tty'
import { stripVTControlCharacters } from 'node:util'
import { type Palette, pages } from '../terminal/index.ts'
import { clearScreen, enterScreen, hideCursor, leaveScreen, showCursor } from '../terminal/screen-codes.ts'
import { InterruptedError } from './interrupted.ts'
import type { Key } from './keys.ts'
import { asksHere } from './snippets-in-text.ts'
import { terminalEvents } from './terminal-events.ts'
import type { Instead, RunOnPage } from './ui.ts'

export interface PagerTerminal {
  readonly input: ReadStream
  readonly output: WriteStream
  readonly palette: Palette
}

/** Longer lines are hard to read, however wide the terminal. */
const widest = 100

/**
 * Shows a text page by page on its own screen, so that the terminal is unchanged afterwards. `render` makes the text
 * for a width in columns; `run` runs the snippet on a page. Resolves with whether the last page was reached; throws
 * InterruptedError for Ctrl-C.
 */
export async function readPages(
  render: (width: number) => Promise<string>,
  terminal: PagerTerminal,
  run?: RunOnPage,
): Promise<'end' | 'left'> {
  const { input, output } = terminal
  const events = terminalEvents(input, output)
  // The first page takes a while on a slow machine, and an empty screen looks as if nothing were coming.
  output.write(`${enterScreen}${hideCursor}${clearScreen}One moment …`)
  try {
    let shown = 0
    let of = 1
    let sought: string | undefined
    for (;;) {
      const text = await render(Math.min(widest, output.columns || 80))
      const all = pages(text, (output.rows || 24) - 2, asksHere)
      // After a resize there may be more or fewer pages, so we stay at the same share of the text.
      shown = Math.min(all.length - 1, all.length === of ? shown : Math.floor((shown / of) * all.length))
      of = all.length
      if (sought !== undefined) shown = placeOf(sought, all) ?? shown
      sought = undefined
      for (let event: Key | 'resize' | undefined; event !== 'resize' && sought === undefined; ) {
        output.write(clearScreen + screen(all, shown, terminal))
        event = await events.next()
        if (event === 'interrupt') throw new InterruptedError('Ctrl-C')
        if (event === 'leave') return 'left'
        if (event === 'on' && shown === all.length - 1) return 'end'
        if (event === 'on') shown += 1
        if (event === 'back') shown = Math.max(0, shown - 1)
        if (event === 'run' && run !== undefined) {
          const running = clearScreen + screen(all, shown, terminal, 'Running …')
          const instead: Instead = async (work) => {
            events.stop()
            output.write(clearScreen + showCursor)
            try {
              return await work()
            } finally {
              events.start()
              output.write(hideCursor + running)
            }
          }
          output.write(running)
          const page = stripVTControlCharacters(all[shown] ?? '')
          sought = await Promise.race([run(page, instead), events.interrupted])
        }
      }
    }
  } finally {
    events.stop()
    output.write(showCursor + leaveScreen)
  }
}

function placeOf(words: string, all: readonly string[]): number | undefined {
  const found = all.findIndex((page) => stripVTControlCharacters(page).includes(words))
  return found === -1 ? undefined : found
}

function screen(
  all: readonly string[],
  shown: number,
  { output, palette }: PagerTerminal,
  instead?: string,
): string {
  const page = all[shown] ?? ''
  const below = '\n'.repeat(Math.max(1, (output.rows || 24) - page.split('\n').length - 1))
  const last = shown === all.length - 1
  const keys = instead ?? `${shown + 1}/${all.length}  space ${last ? 'done' : 'next'} · b back · q leave`
  return `${page}${below}${palette.paint(keys, 'inverse')}`
}
