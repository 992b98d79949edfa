import type { Lead } from './api-instructor.ts'

/**
 * The part that still applies at that time, ISO 8601: a timer or a break that is over disappears automatically. Also
 * runs in a page.
 */
export function leadAt({ timer, pause, ...rest }: Lead, now: string): Lead {
  const isOn = timer !== undefined && timer.until > now
  const isPaused = pause !== undefined && (pause.until === undefined || pause.until > now)
  return { ...rest, ...(isOn && { timer }), ...(isPaused && { pause }) }
}
