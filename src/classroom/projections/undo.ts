import type { Announcements } from '../api.ts'
import type { ClassEvent, NewClassEvent } from './class-event.ts'
import type { ClassState, Participant, Undo } from './class-state.ts'
import { canMerge } from './present.ts'

/**
 * What takes the event back, in words that differ from those for taking that back. Undefined for what participants do,
 * for what can't be taken back, and for what changes nothing: then the step before it can still be taken back. (A class
 * doesn't know whose hand is raised, so lowering one always counts.)
 */
export function inverseOf(event: ClassEvent, before: ClassState): Undo | undefined {
  const inverse = inverseInWords(event, before)
  if (inverse === undefined || isSame(inverse.event, event)) return undefined
  const { what, event: inverseEvent, goingBack = what } = inverse
  // The event is itself an undo, and brings back what had been replaced: "the message" again would look unchanged.
  const isBack = before.undo?.what === what && isSame(before.undo.event, event)
  return { what: isBack ? goingBack : what, event: inverseEvent }
}

interface Inverse extends Undo {
  /** Says instead that something earlier is back, if the event may replace something of its own kind. */
  readonly goingBack?: string
}

/** Compared as the class's log stores them: without when they happened, and without fields that are undefined. */
function isSame(one: NewClassEvent, other: NewClassEvent): boolean {
  return one.type === other.type && JSON.stringify(one.payload) === JSON.stringify(other.payload)
}

function inverseInWords({ type, payload }: ClassEvent, before: ClassState): Inverse | undefined {
  const { announcements } = before
  switch (type) {
    case 'POSITION_SET':
      if (payload.slug === announcements.position) return undefined
      return undo(
        payload.slug === undefined ? 'clearing where the class is' : `moving the class to ${payload.slug}`,
        { type, payload: { slug: announcements.position } },
      )
    case 'TIMER_SET':
      if (payload.until === undefined && announcements.timer === undefined) return undefined
      return undo(
        payload.until === undefined ? 'stopping the timer' : 'the timer',
        { type, payload: { until: announcements.timer?.until, text: announcements.timer?.text } },
        'going back to the earlier timer',
      )
    case 'MESSAGE_SENT': {
      const { to } = payload
      const one = to === undefined ? undefined : named(before, to)
      const earlier = to === undefined ? announcements.message?.text : one?.note?.text
      if (payload.text === undefined && earlier === undefined) return undefined
      const what = payload.text === undefined ? 'withdrawing the message' : 'the message'
      const back = 'going back to the earlier message'
      if (to === undefined) return undo(what, { type, payload: { text: earlier } }, back)
      if (one === undefined) return undefined
      return undo(
        `${what} to ${one.name}`,
        { type, payload: { text: earlier, to } },
        `${back} to ${one.name}`,
      )
    }
    case 'PAUSE_BEGUN':
    case 'PAUSE_ENDED':
      if (type === 'PAUSE_ENDED' && announcements.pause === undefined) return undefined
      return undo(
        type === 'PAUSE_BEGUN' ? 'the break' : 'ending the break',
        breakOf(before),
        'going back to the earlier break',
      )
    case 'SOLUTION_RELEASED':
      if (announcements.released.includes(payload.slug)) return undefined
      return undo(`releasing the solution to ${payload.slug}`, { type: 'SOLUTION_WITHDRAWN', payload })
    case 'SOLUTION_WITHDRAWN':
      if (!announcements.released.includes(payload.slug)) return undefined
      return undo(`taking back the solution to ${payload.slug}`, { type: 'SOLUTION_RELEASED', payload })
    case 'TEXT_SHOWN':
      if (payload.text !== undefined) return wall(announcements.shown)
      if (announcements.shown === undefined) return undefined
      return undo('clearing the wall', showing(announcements.shown))
    case 'ATTEMPT_SHOWN':
      return wall(announcements.shown)
    case 'PARTICIPANTS_REMOVED':
      return undo(`removing ${namesOf(before, payload.learners)}`, { type: 'PARTICIPANTS_RESTORED', payload })
    case 'PARTICIPANTS_RESTORED':
      return undo(`bringing back ${namesOf(before, payload.learners)}`, {
        type: 'PARTICIPANTS_REMOVED',
        payload,
      })
    case 'PARTICIPANT_RENAMED': {
      const one = named(before, payload.learner)
      if (one === undefined || one.name === payload.name) return undefined
      return undo(`renaming ${one.name}`, { type, payload: { learner: payload.learner, name: one.name } })
    }
    case 'PARTICIPANT_MERGED':
      if (!canMerge(before.participants, payload.learner, payload.into)) return undefined
      return undo(`merging ${namesOf(before, [payload.learner])}`, {
        type: 'PARTICIPANT_SPLIT',
        payload: { learner: payload.learner },
      })
    case 'PARTICIPANT_SPLIT': {
      const { into } = named(before, payload.learner) ?? {}
      if (into === undefined) return undefined
      return undo(`separating ${namesOf(before, [payload.learner])}`, {
        type: 'PARTICIPANT_MERGED',
        payload: { learner: payload.learner, into },
      })
    }
    case 'HAND_LOWERED': {
      const one = named(before, payload.learner)
      if (one === undefined) return undefined
      const { id: learner, name, loweredAt = '' } = one
      const isBack = payload.loweredAt !== undefined && payload.loweredAt < loweredAt
      return undo(isBack ? `putting ${name}'s hand back up` : `lowering ${name}'s hand`, {
        type,
        payload: { learner, loweredAt },
      })
    }
    case 'CODE_CHANGED':
      return undo(
        payload.joinCode === undefined ? 'going back to the first join code' : 'the new join code',
        { type, payload: { joinCode: before.joinCode } },
        'going back to the earlier join code',
      )
    case 'CLASS_CLOSED':
      if (before.closedAt !== undefined) return undefined
      return undo('closing the class', { type: 'CLASS_REOPENED', payload: {} })
    case 'CLASS_REOPENED':
      if (before.closedAt === undefined) return undefined
      return undo('reopening the class', { type: 'CLASS_CLOSED', payload: {} })
    default:
      return undefined
  }
}

function undo(what: string, event: NewClassEvent, goingBack?: string): Inverse {
  return { what, event, ...(goingBack !== undefined && { goingBack }) }
}

function wall(shown: Announcements['shown']): Inverse {
  return undo('changing the wall', showing(shown), 'going back to what the wall showed')
}

function breakOf({ announcements: { pause } }: ClassState): NewClassEvent {
  return pause === undefined
    ? { type: 'PAUSE_ENDED', payload: {} }
    : { type: 'PAUSE_BEGUN', payload: { until: pause.until } }
}

function showing(shown: Announcements['shown']): NewClassEvent {
  return shown?.kind === 'attempt'
    ? {
        type: 'ATTEMPT_SHOWN',
        payload: { learner: shown.participant, eventId: shown.eventId, run: shown.run },
      }
    : { type: 'TEXT_SHOWN', payload: { text: shown?.text } }
}

function named({ participants }: ClassState, learner: string): Participant | undefined {
  return participants.find(({ id }) => id === learner)
}

function namesOf(state: ClassState, learners: readonly string[]): string {
  const [only = ''] = learners
  if (learners.length !== 1) return `${learners.length} learners`
  return named(state, only)?.name ?? 'a learner'
}
