import { type CheckResult, resultAsJson } from '../check/index.ts'
import { ownFolder } from '../common/own-folder.ts'
import { shownPath } from '../common/shown-path.ts'
import { escapeControls, type Palette } from '../terminal/index.ts'
import { renderCheck } from '../verdict/index.ts'
import { type WatchOptions, WatchSession } from './session.ts'

export interface WatchPlainOptions
  extends Omit<WatchOptions, 'onState' | 'onResult' | 'explore' | 'openEditor'> {
  readonly output: { write(text: string): unknown }
  readonly palette: Palette
  /** One JSON object per line, for editors and scripts. */
  readonly json: boolean
  /** Receives the sentences that would get mixed up with the data of `json`. */
  note(sentence: string): void
  /** Ends the watch. */
  readonly signal: AbortSignal
}

/** Without a terminal: prints each verdict as text or as a line of JSON, until the signal. */
export async function watchPlain(options: WatchPlainOptions): Promise<void> {
  const { output, palette, json, note, signal } = options
  const say = json ? note : (sentence: string) => void output.write(`${escapeControls(sentence)}\n`)
  // Until the next save, nothing would show that it's still watching.
  if (!json)
    say(
      `Watching ${shownPath(options.home.answer(options.slug), ownFolder(options.course.root))}. Ctrl-C quits.`,
    )
  let notice: string | undefined
  let warning: string | undefined
  const session = await WatchSession.open({
    ...options,
    onState(state) {
      if (state.notice !== undefined && state.notice !== notice) say(state.notice)
      notice = state.notice
      if (state.warning !== undefined && state.warning !== warning) say(state.warning)
      warning = state.warning
    },
    news(tell) {
      options.news?.((news) => {
        // JSON has no place for them, so the next command shows them.
        if (json) return tell(news)
        if (news.text !== '') output.write(`${news.text}\n`)
        news.seen()
      })
    },
    onResult(result: CheckResult) {
      const text = json ? JSON.stringify(resultAsJson(result)) : renderCheck(result, { width: 80, palette })
      output.write(`${text}\n`)
    },
  })
  signal.addEventListener('abort', () => void session.close())
  if (signal.aborted) void session.close()
  await session.finished
}
