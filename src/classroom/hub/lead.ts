import type { LeadCommand } from '../api.ts'
import { ClassError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { NewClassEvent } from '../projections/class-event.ts'
import { plainText } from '../projections/names.ts'

/**
 * What an instructor's command means for the class; `remove` is more than an event and isn't decided here. Throws
 * ClassError.
 */
export function decideLead(
  command: Exclude<LeadCommand, { readonly do: 'remove' }>,
  now: Date,
  slugs: readonly string[],
): NewClassEvent {
  switch (command.do) {
    case 'position':
      return { type: 'POSITION_SET', payload: { slug: command.slug && known(command.slug, slugs) } }
    case 'timer':
      return {
        type: 'TIMER_SET',
        payload: { until: after(command.minutes, now), text: text(command.text) ?? '' },
      }
    case 'message':
      return { type: 'MESSAGE_SENT', payload: { text: text(command.text) } }
    case 'pause':
      return { type: 'PAUSE_BEGUN', payload: { until: after(command.minutes, now) } }
    case 'resume':
      return { type: 'PAUSE_ENDED', payload: {} }
    case 'release':
      return { type: 'SOLUTION_RELEASED', payload: { slug: known(command.slug, slugs) } }
    case 'lower hand':
      return { type: 'HAND_LOWERED', payload: { learner: command.participant } }
  }
}

function known(slug: string, slugs: readonly string[]): string {
  if (slugs.includes(slug)) return slug
  throw new ClassError("That lesson isn't part of the class.")
}

function after(minutes: number | undefined, now: Date): string | undefined {
  return minutes === undefined ? undefined : new Date(now.getTime() + minutes * 60_000).toISOString()
}

/** An empty string counts as none. */
function text(given: string | undefined): string | undefined {
  return plainText(given ?? '', limits.text) || undefined
}
