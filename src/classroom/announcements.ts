import type { Announcements } from './api-instructor.ts'

/**
 * The part that still applies at that time, ISO 8601: a timer or a break that is over disappears automatically. Also
 * runs in a page.
 */
export function announcementsAt({ timer, pause, ...rest }: Announcements, now: string): Announcements {
  const isOn = timer !== undefined && timer.until > now
  const isPaused = pause !== undefined && (pause.until === undefined || pause.until > now)
  return { ...rest, ...(isOn && { timer }), ...(isPaused && { pause }) }
}
