import type { Lead } from './api-instructor.ts'

/** What of it still holds at that time, ISO 8601: a timer or a break that is over is gone by itself. Runs in a page, too. */
export function leadAt({ timer, pause, ...rest }: Lead, now: string): Lead {
  const isOn = timer !== undefined && timer.until > now
  const isPaused = pause !== undefined && (pause.until === undefined || pause.until > now)
  return { ...rest, ...(isOn && { timer }), ...(isPaused && { pause }) }
}
