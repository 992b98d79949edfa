import { useEffect, useState } from 'preact/hooks'
import { announcementsAt } from '../../../classroom/announcements.ts'
import { type Changes, type Overview, paths } from '../../../classroom/api.ts'
import { withChanges } from './overview.ts'

export interface Live {
  /** Undefined until the first message from the hub. */
  readonly overview: Overview | undefined
  /** False while reconnecting: then the page shows the last known state. */
  readonly connected: boolean
  /** How far the hub's clock is ahead of ours, in milliseconds. */
  readonly ahead: number
}

/** A silent connection is reopened: the hub sends something at least every 15 seconds. */
const SILENCE_MS = 40_000
const RETRY_MS = 1_000

/**
 * The current state of the class, for as long as the page is open. After every reconnect the hub sends all of it
 * again. A browser opens at most six connections to the hub, for all of its tabs together, and a seventh page waits. So a
 * page that was left gives up its connection, and so does one in a hidden tab, unless it's needed there, too.
 */
export function useClass({ whileHidden }: { readonly whileHidden: boolean }): Live {
  const [live, setLive] = useState<Live>({ overview: undefined, connected: false, ahead: 0 })
  useEffect(() => {
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const open = () => {
      source?.close()
      // It opens once the tab is shown.
      if (!whileHidden && document.visibilityState === 'hidden') return
      source = new EventSource(paths.stream)
      source.addEventListener('overview', (event) => hear(JSON.parse(event.data) as Overview))
      source.addEventListener('changes', (event) => hear(JSON.parse(event.data) as Changes))
      source.addEventListener('ping', () => expect(SILENCE_MS))
      source.addEventListener('error', () => {
        setLive((before) => ({ ...before, connected: false }))
        expect(RETRY_MS)
        void reloadIfLoggedOut()
      })
      expect(SILENCE_MS)
    }
    const pause = () => {
      clearTimeout(timer)
      source?.close()
    }
    const turn = () => (document.visibilityState === 'hidden' ? pause() : open())
    // The browser keeps pages that were left, to go back to them, and with them their connections.
    const shown = ({ persisted }: PageTransitionEvent) => {
      if (persisted) open()
    }
    const expect = (ms: number) => {
      clearTimeout(timer)
      timer = setTimeout(open, ms)
    }
    const hear = (said: Overview | Changes) => {
      expect(SILENCE_MS)
      const ahead = Date.parse(said.now) - Date.now()
      setLive(({ overview }) => {
        const next = said.kind === 'overview' ? said : overview && withChanges(overview, said)
        return { overview: next, connected: true, ahead }
      })
    }
    // A lost network leaves a connection hanging, and the browser notices before we do.
    const lost = () => {
      source?.close()
      setLive((before) => ({ ...before, connected: false }))
      expect(RETRY_MS)
    }
    window.addEventListener('offline', lost)
    window.addEventListener('online', open)
    window.addEventListener('pagehide', pause)
    window.addEventListener('pageshow', shown)
    if (!whileHidden) document.addEventListener('visibilitychange', turn)
    const ignoreOtherTabs = reloadWithOtherTabs()
    open()
    return () => {
      ignoreOtherTabs()
      window.removeEventListener('offline', lost)
      window.removeEventListener('online', open)
      window.removeEventListener('pagehide', pause)
      window.removeEventListener('pageshow', shown)
      document.removeEventListener('visibilitychange', turn)
      pause()
    }
  }, [])
  useEffect(() => {
    const { overview, ahead } = live
    const ends = [overview?.announcements.timer?.until, overview?.announcements.pause?.until].flatMap(
      (until) => until ?? [],
    )
    if (ends.length === 0) return
    const wait = Math.min(...ends.map((until) => Date.parse(until))) - Date.now() - ahead
    const timer = setTimeout(() => setLive(withoutEnded), Math.max(0, wait) + 1)
    return () => clearTimeout(timer)
  }, [live])
  return live
}

const LOGIN = 'login'

/** After a logout, the other tabs can't keep showing the class; after a login, the wall can't keep asking for the secret. */
export function reloadOtherTabs(): void {
  const channel = new BroadcastChannel(LOGIN)
  channel.postMessage(LOGIN)
  channel.close()
}

/** Reloads when another tab logs in or out. Returns the function that ends it. */
export function reloadWithOtherTabs(): () => void {
  const channel = new BroadcastChannel(LOGIN)
  channel.onmessage = () => location.reload()
  return () => channel.close()
}

/** All browsers may have been logged out; then the same address asks for the secret. */
async function reloadIfLoggedOut(): Promise<void> {
  const reply = await fetch(location.pathname).catch(() => undefined)
  if (reply?.status === 401) location.reload()
}

/** A timer or a break that's over disappears automatically, without a message from the hub. */
function withoutEnded(live: Live): Live {
  const { overview, ahead } = live
  if (overview === undefined) return live
  const now = new Date(Date.now() + ahead).toISOString()
  return { ...live, overview: { ...overview, announcements: announcementsAt(overview.announcements, now) } }
}
