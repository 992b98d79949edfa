import type { InstructorCommand } from '../api.ts'
import { ClassError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { NewClassEvent } from '../projections/class-event.ts'
import type { ClassState, Participant } from '../projections/class-state.ts'
import { plainName, plainText } from '../projections/names.ts'
import { isPresent } from '../projections/present.ts'
import { newJoinCode } from './secrets.ts'

/** What an instructor's command means for the class as it is now. Throws ClassError. */
export function decideCommand(
  command: InstructorCommand,
  now: Date,
  slugs: readonly string[],
  state: ClassState,
): NewClassEvent {
  switch (command.do) {
    case 'position':
      return { type: 'POSITION_SET', payload: { slug: command.slug && known(command.slug, slugs) } }
    case 'timer':
      return {
        type: 'TIMER_SET',
        payload: {
          until: after(command.minutes, now),
          text: text(command.text, limits.text, 'timer label') ?? '',
        },
      }
    case 'message': {
      const to = command.to === undefined ? {} : { to: present(command.to, state).id }
      return { type: 'MESSAGE_SENT', payload: { text: text(command.text), ...to } }
    }
    case 'pause':
      return { type: 'PAUSE_BEGUN', payload: { until: after(command.minutes, now) } }
    case 'resume':
      return { type: 'PAUSE_ENDED', payload: {} }
    case 'release':
      return { type: 'SOLUTION_RELEASED', payload: { slug: known(command.slug, slugs) } }
    case 'withdraw':
      return { type: 'SOLUTION_WITHDRAWN', payload: { slug: known(command.slug, slugs) } }
    case 'show':
      return {
        type: 'TEXT_SHOWN',
        payload: { text: text(command.text, limits.shownDiagnosis, 'message on the wall') },
      }
    case 'show attempt': {
      const { id: learner } = present(command.participant, state)
      return { type: 'ATTEMPT_SHOWN', payload: { learner, eventId: command.eventId, run: command.run } }
    }
    case 'lower hand':
      return { type: 'HAND_LOWERED', payload: { learner: command.participant } }
    case 'remove':
      return remove([present(command.participant, state)], state)
    case 'remove since':
      return removeSince(command.since, state)
    case 'restore':
      return restore(command.participant, state)
    case 'rename': {
      const name = text(command.name, limits.name, 'name')
      const { id: learner } = present(command.participant, state)
      return { type: 'PARTICIPANT_RENAMED', payload: { learner, name: plainName(name ?? '') || unnamed() } }
    }
    case 'merge':
      return merge(present(command.participant, state), present(command.into, state))
    case 'new code':
      return { type: 'CODE_CHANGED', payload: { joinCode: newJoinCode() } }
    case 'log out':
      return { type: 'LOGGED_OUT', payload: {} }
    case 'close':
      return { type: 'CLASS_CLOSED', payload: {} }
    case 'reopen':
      return { type: 'CLASS_REOPENED', payload: {} }
    case 'undo':
      if (state.undo === undefined) throw new ClassError("There's nothing to take back.")
      return state.undo.event
  }
}

function removeSince(since: string, state: ClassState): NewClassEvent {
  const from = new Date(since).toISOString()
  const joined = state.participants.filter((one) => one.joinedAt >= from && isPresent(one))
  if (joined.length === 0) throw new ClassError('No one has joined since then.')
  return remove(joined, state)
}

/** Everyone who was merged into one of them goes, too. */
function remove(chosen: readonly Participant[], state: ClassState): NewClassEvent {
  return { type: 'PARTICIPANTS_REMOVED', payload: { learners: withMembers(chosen, state) } }
}

function withMembers(chosen: readonly Participant[], { participants }: ClassState): readonly string[] {
  const learners = new Set(chosen.map(({ id }) => id))
  for (let before = 0; before < learners.size; ) {
    before = learners.size
    for (const { id, into } of participants) if (into !== undefined && learners.has(into)) learners.add(id)
  }
  return [...learners]
}

/** Everyone who was merged into them comes back, too. */
function restore(id: string, state: ClassState): NewClassEvent {
  const one = state.participants.find((participant) => participant.id === id)
  if (one === undefined)
    throw new ClassError("What they sent has been deleted, so they can't be brought back.")
  if (one.removedAt === undefined) throw new ClassError(`${one.name} is in the class.`)
  return { type: 'PARTICIPANTS_RESTORED', payload: { learners: withMembers([one], state) } }
}

function merge({ id: learner, name }: Participant, { id: into }: Participant): NewClassEvent {
  if (learner === into) throw new ClassError(`${name} can't be merged with themselves.`)
  return { type: 'PARTICIPANT_MERGED', payload: { learner, into } }
}

/** Someone who is in the class as themselves. */
function present(id: string, { participants }: ClassState): Participant {
  const one = participants.find((participant) => participant.id === id)
  if (one !== undefined && isPresent(one)) return one
  throw new ClassError("That learner isn't in the class.")
}

function known(slug: string, slugs: readonly string[]): string {
  if (slugs.includes(slug)) return slug
  throw new ClassError("That lesson isn't part of the class.")
}

function after(minutes: number | undefined, now: Date): string | undefined {
  if (minutes === undefined) return undefined
  if (minutes > 0 && minutes <= limits.minutes)
    return new Date(now.getTime() + minutes * 60_000).toISOString()
  throw new ClassError('A timer or a break needs a number of minutes, at most 1440, which is a day.')
}

/** An empty string counts as none. What's too long isn't cut, because the end of a message may matter most. */
function text(
  given: string | undefined,
  longest: number = limits.text,
  what = 'message',
): string | undefined {
  const plain = plainText(given ?? '', Number.POSITIVE_INFINITY)
  const length = [...plain].length
  if (length <= longest) return plain || undefined
  throw new ClassError(`A ${what} can have at most ${longest} characters. This one has ${length}.`)
}

function unnamed(): never {
  throw new ClassError('The name needs at least one visible character.')
}
