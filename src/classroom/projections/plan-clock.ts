import type { PlanClock } from '../api.ts'
import { STALE_MS } from '../pace.ts'
import type { ClassEvent } from './class-event.ts'
import type { ClassState } from './class-state.ts'

/** The plan's clock after an event; undefined until the class is somewhere. */
export function clockAfter(
  { clock, announcements }: Pick<ClassState, 'clock' | 'announcements'>,
  { type, at, payload }: ClassEvent,
): PlanClock | undefined {
  const { pause, position } = announcements
  switch (type) {
    case 'POSITION_SET': {
      if (payload.slug === undefined) return clock && stopped(clock, at)
      const isNewDay = clock === undefined || Date.parse(at) - Date.parse(clock.setAt) > STALE_MS
      const today = isNewDay ? { from: payload.slug, ranMs: 0, setAt: at } : clock
      const isBreak = pause !== undefined && (pause.until === undefined || pause.until > at)
      return isBreak ? from(today, pause.until, at) : started(today, at)
    }
    case 'PAUSE_BEGUN':
      return clock && from(stopped(clock, at), position === undefined ? undefined : payload.until, at)
    case 'PAUSE_ENDED':
    case 'CLASS_REOPENED':
      return clock && position !== undefined ? started(clock, at) : clock
    case 'CLASS_CLOSED':
      return clock && stopped(clock, at)
    default:
      return clock
  }
}

function stopped({ since, ...clock }: PlanClock, at: string): PlanClock {
  const ran = since === undefined ? 0 : Math.max(0, Date.parse(at) - Date.parse(since))
  return { ...clock, ranMs: clock.ranMs + ran, setAt: at }
}

/** A break that was to end later ends now. */
function started(clock: PlanClock, at: string): PlanClock {
  const { since } = clock
  return { ...clock, since: since === undefined || since > at ? at : since, setAt: at }
}

/** Runs again at the end of a break, if that's known. */
function from({ since: _, ...clock }: PlanClock, since: string | undefined, at: string): PlanClock {
  return { ...clock, ...(since !== undefined && { since }), setAt: at }
}
