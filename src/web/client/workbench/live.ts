import { useEffect, useState } from 'preact/hooks'
import type { Problem } from '../../protocol.ts'
import type { BenchState } from '../../workbench/protocol.ts'
import { isAnswer, requestSoon } from './requests.ts'

/** How the page is connected: `not let in` after a restart of the program, until this browser has a new cookie. */
export type Connection = 'waiting' | 'open' | 'away' | 'not let in'

/** A connection that's silent for longer is lost: the server says something every 10 seconds. */
const SILENCE_MS = 25_000
const RETRY_MS = 1_000
/** How long a hidden page stays connected: a browser has only six connections for all of them. */
const HIDDEN_MS = 30_000

/** The state of the bench for as long as the page is open, through sleep and restarts of the program. */
export function useBench(slug: string): {
  readonly state: BenchState | undefined
  readonly connection: Connection
} {
  const [state, setState] = useState<BenchState>()
  const [connection, setConnection] = useState<Connection>('waiting')
  useEffect(() => {
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    let hiding: ReturnType<typeof setTimeout> | undefined
    const after = (ms: number, next: () => void) => {
      clearTimeout(timer)
      timer = setTimeout(next, ms)
    }
    const open = () => {
      source?.close()
      const opened = new EventSource(`/workbench/${slug}/events`)
      source = opened
      const hear = () => after(SILENCE_MS, () => void lose(opened))
      opened.addEventListener('state', (event) => {
        setConnection('open')
        setState(JSON.parse(event.data) as BenchState)
        hear()
      })
      opened.addEventListener('ping', hear)
      opened.addEventListener('error', () => void lose(opened))
      hear()
    }
    const lose = async (lost: EventSource) => {
      lost.close()
      // The stream itself doesn't say why it ended.
      const reply = await requestSoon<Problem>(`/workbench/${slug}/recording`)
      if (source !== lost) return // it was opened again, or the page was hidden, in the meantime
      setConnection(isAnswer(reply) ? 'away' : reply.why)
      setState((known) => known && { ...known, checking: false }) // whatever became of it, it isn't heard of here
      after(RETRY_MS, open)
    }
    const close = () => {
      clearTimeout(timer)
      source?.close()
      source = undefined
    }
    const see = () => {
      clearTimeout(hiding)
      if (document.visibilityState === 'hidden') hiding = setTimeout(close, HIDDEN_MS)
      else if (source?.readyState !== EventSource.OPEN) open()
    }
    document.addEventListener('visibilitychange', see)
    window.addEventListener('online', open)
    open()
    return () => {
      document.removeEventListener('visibilitychange', see)
      window.removeEventListener('online', open)
      clearTimeout(hiding)
      close()
    }
  }, [slug])
  return { state, connection }
}
