import type { ReadStream, WriteStream } from 'node:tty'
import { type Page, type Palette, pages, renderMarkdown } from '../terminal/index.ts'
import { beginKeys, clearScreen, endKeys, enterScreen, leaveScreen } from '../terminal/screen-codes.ts'
import { suspend } from '../terminal/suspend.ts'
import { pageKeys } from './page-keys.ts'
import { InterruptedError, type TerminalEvent, terminalEvents } from './terminal-events.ts'
import type { Instead, Passage, Reading, ReadingEnd, Render } from './ui.ts'

export interface PagerTerminal {
  readonly input: ReadStream
  readonly output: WriteStream
  readonly palette: Palette
}

/** Longer lines are hard to read, however wide the terminal. */
const widest = 100

/**
 * Shows a text page by page on its own screen, so that the terminal is unchanged afterward. `render` makes the text
 * for a width in columns. Throws InterruptedError for Ctrl-C.
 */
export async function readPages(
  render: Render,
  terminal: PagerTerminal,
  { run, onTurned, signal, bookmark, hasKeys = false }: Reading = {},
): Promise<ReadingEnd> {
  const { input, output, palette } = terminal
  const events = terminalEvents(input, output, signal)
  // The first page takes a while on a slow machine, and an empty screen looks as if nothing were coming.
  output.write(`${enterScreen}${beginKeys}${clearScreen}One moment ${palette.unicode ? '…' : '...'}`)
  /** Leaves the screen to something else for a while. */
  const instead: Instead = async (work) => {
    events.stop()
    output.write(clearScreen + endKeys)
    try {
      return await work()
    } finally {
      events.start()
      output.write(beginKeys)
    }
  }
  let shown = 0
  let of = 1
  /** The snippet that just ran. */
  let sought: number | undefined
  let remark: string | undefined
  try {
    for (let isFirst = true; ; isFirst = false) {
      const width = widthOf(output)
      const all = pages(await render(width), (output.rows || 24) - 2)
      const share = isFirst ? (bookmark?.share ?? 0) : shown / of
      // After a resize there may be more or fewer pages, so we stay at the same share of the text.
      if (isFirst || all.length !== of) shown = Math.floor(share * all.length)
      shown = Math.min(all.length - 1, shown)
      of = all.length
      if (sought !== undefined) {
        const place = all.findIndex(({ passages }) => passages.some(({ shows }) => shows === sought))
        if (place !== -1) shown = place
        sought = undefined
      }
      for (let event: TerminalEvent | undefined; event !== 'resize' && sought === undefined; ) {
        output.write(clearScreen + screen(all, shown, terminal, hasKeys, remark))
        remark = undefined
        event = await events.next()
        if (event === 'on' || event === 'run') await onTurned?.()
        switch (event) {
          case 'interrupt':
            throw new InterruptedError('Ctrl-C')
          case 'leave':
          case 'aborted':
            return 'left'
          case 'on':
            if (shown === all.length - 1) return 'end'
            shown += 1
            break
          case 'back':
            shown = Math.max(0, shown - 1)
            break
          case 'suspend':
            output.write(leaveScreen)
            await instead(() => suspend(input))
            output.write(enterScreen)
            break
          case 'help': {
            const { last, isResized } = await readKeys(pageKeys({ run, hasKeys }), terminal, events)
            if (last === 'interrupt') throw new InterruptedError('Ctrl-C')
            if (last === 'aborted') return 'left'
            // What's below the list was cut for the size before.
            if (isResized) event = 'resize'
            break
          }
          case 'run': {
            if (run === undefined) break
            const offered = all[shown]?.passages.find(({ offers }) => offers !== undefined)?.offers
            if (offered === undefined) {
              remark = "There's nothing to run on this page. Press any key."
              break
            }
            const showRunning = () =>
              output.write(clearScreen + screen(all, shown, terminal, hasKeys, runningWord(palette)))
            // A question before the snippet takes the screen, and the snippet runs after it.
            const askFirst: Instead = (work) => instead(work).finally(showRunning)
            showRunning()
            await Promise.race([run(offered, askFirst), events.interrupted])
            events.drop()
            sought = offered
            break
          }
          case 'resize':
          case 'other':
            break
          case 'next':
          case 'previous':
            // Without lessons to go to, they turn pages, as in other pagers.
            if (hasKeys) return event
            if (event === 'next' && shown === all.length - 1) return 'end'
            shown = Math.max(0, shown + (event === 'next' ? 1 : -1))
            break
          default:
            if (hasKeys) return event
        }
      }
    }
  } finally {
    if (bookmark !== undefined) bookmark.share = shown / of
    events.stop()
    output.write(endKeys + leaveScreen)
  }
}

/** Shows the list of keys in screens, each of which waits for a key. Resolves with the key that ended it. */
async function readKeys(
  markdown: string,
  { output, palette }: PagerTerminal,
  events: Pick<ReturnType<typeof terminalEvents>, 'next'>,
): Promise<{ readonly last: TerminalEvent; readonly isResized: boolean }> {
  let shown = 0
  let of = 1
  let isResized = false
  for (;;) {
    const text = await renderMarkdown(markdown, { width: widthOf(output), palette })
    const parts = helpParts(text, output.rows || 24)
    if (parts.length !== of) shown = Math.floor((shown / of) * parts.length)
    of = parts.length
    output.write(clearScreen + (parts[shown] ?? ''))
    const last = await events.next()
    if (last === 'resize') isResized = true
    else if (['interrupt', 'aborted', 'leave'].includes(last) || shown === of - 1) return { last, isResized }
    else shown += 1
  }
}

function helpParts(text: string, rows: number): readonly string[] {
  if (text.split('\n').length <= rows) return [text]
  const parts = pages([{ text }], rows - 2).map((page) => page.text)
  return parts.map((part, index) => (index === parts.length - 1 ? part : `${part}\n\nAny key shows more.`))
}

function widthOf(output: WriteStream): number {
  return Math.min(widest, output.columns || 80)
}

function runningWord({ unicode }: Palette): string {
  return `Running ${unicode ? '…' : '...'} Keys work again when it's done; Ctrl-C quits.`
}

function screen(
  all: readonly Page<Passage>[],
  shown: number,
  { output, palette }: PagerTerminal,
  hasKeys: boolean,
  instead?: string,
): string {
  const page = all[shown]?.text ?? ''
  const below = '\n'.repeat(Math.max(1, (output.rows || 24) - page.split('\n').length - 1))
  const last = shown === all.length - 1
  const more = hasKeys ? ' · ? keys' : ''
  const keys =
    instead ?? `${shown + 1}/${all.length}  space ${last ? 'done' : 'next'} · b back${more} · q leave`
  return `${page}${below}${palette.paint(keys, 'inverse')}`
}
