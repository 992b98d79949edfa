import type { Announcements } from '../api.ts'
import type { ClassEvent } from './class-event.ts'
import type { ClassState, Participant } from './class-state.ts'
import { clockAfter } from './plan-clock.ts'
import { canMerge } from './present.ts'
import { inverseOf } from './undo.ts'

/** The class after another event. Pure; its input isn't changed. */
export function evolveClass(before: ClassState, event: ClassEvent): ClassState {
  const undo = inverseOf(event, before)
  const clock = clockAfter(before, event)
  const state = evolved(before, event)
  return { ...state, ...(undo !== undefined && { undo }), ...(clock !== undefined && { clock }) }
}

function evolved(state: ClassState, event: ClassEvent): ClassState {
  const { type, at, payload } = event
  switch (type) {
    case 'PARTICIPANT_JOINED':
      return joined(state, event)
    case 'SHARING_CHANGED':
      return change(state, [payload.learner], () => ({ share: payload.share }))
    case 'PARTICIPANT_LEFT':
      return left(state, payload.learner)
    case 'PARTICIPANTS_REMOVED':
      return change(state, payload.learners, ({ removedAt = at }) => ({ removedAt }))
    case 'PARTICIPANTS_RESTORED':
      return change(state, payload.learners, () => ({ removedAt: undefined }))
    case 'PARTICIPANT_RENAMED':
      return change(state, [payload.learner], () => ({ name: payload.name, isRenamed: true }))
    case 'PARTICIPANT_MERGED':
      return canMerge(state.participants, payload.learner, payload.into)
        ? change(state, [payload.learner], () => ({ into: payload.into }))
        : state
    case 'PARTICIPANT_SPLIT':
      return change(state, [payload.learner], () => ({ into: undefined }))
    case 'HAND_LOWERED':
      return change(state, [payload.learner], () => ({ loweredAt: (payload.loweredAt ?? at) || undefined }))
    case 'POSITION_SET':
      return announce(state, { position: payload.slug })
    case 'TIMER_SET':
      return announce(state, {
        timer: payload.until === undefined ? undefined : { until: payload.until, text: payload.text ?? '' },
      })
    case 'MESSAGE_SENT': {
      const message = payload.text === undefined ? undefined : { at, text: payload.text }
      return payload.to === undefined
        ? announce(state, { message })
        : change(state, [payload.to], () => ({ note: message }))
    }
    case 'PAUSE_BEGUN':
      return announce(state, { pause: payload.until === undefined ? {} : { until: payload.until } })
    case 'PAUSE_ENDED':
      return announce(state, { pause: undefined })
    case 'SOLUTION_RELEASED':
      return state.announcements.released.includes(payload.slug)
        ? state
        : announce(state, { released: [...state.announcements.released, payload.slug] })
    case 'SOLUTION_WITHDRAWN':
      return announce(state, {
        released: state.announcements.released.filter((slug) => slug !== payload.slug),
      })
    case 'TEXT_SHOWN':
      return announce(state, {
        shown: payload.text === undefined ? undefined : { kind: 'text', text: payload.text },
      })
    case 'ATTEMPT_SHOWN':
      return announce(state, {
        shown: {
          kind: 'attempt',
          participant: payload.learner,
          eventId: payload.eventId,
          ...(payload.run && { run: payload.run }),
        },
      })
    case 'CODE_CHANGED':
      return without({ ...state, joinCode: payload.joinCode })
    case 'LOGGED_OUT':
      // It can't be taken back, and what was done before it isn't the last thing anymore.
      return without({ ...state, loggedOutAt: at, undo: undefined })
    case 'CLASS_CLOSED':
      return { ...state, closedAt: at }
    case 'CLASS_REOPENED':
      return without({ ...state, closedAt: undefined })
    default:
      event satisfies never
      return state
  }
}

type JoinedEvent = Extract<ClassEvent, { type: 'PARTICIPANT_JOINED' }>

/** A participant who joins again (the hub had lost them) keeps their place in the order. */
function joined(state: ClassState, { at: joinedAt, payload }: JoinedEvent): ClassState {
  const { learner: id, name, share } = payload
  const index = state.participants.findIndex((one) => one.id === id)
  const before = state.participants[index]
  if (before === undefined) {
    const number = state.joined + 1
    // Not with `...`, which gives each a shape of its own in V8: then all lookups in thousands of them are slow.
    const participant = { id, number, name, joinedAt, share }
    return { ...state, participants: [...state.participants, participant], joined: number }
  }
  const after = { ...before, name: before.isRenamed ? before.name : name, share }
  return { ...state, participants: state.participants.with(index, after) }
}

function left(state: ClassState, learner: string): ClassState {
  const others = state.participants.filter(({ id }) => id !== learner)
  // Anyone who counted as them is a participant again.
  const ownAgain = others.map((one) => (one.into === learner ? without({ ...one, into: undefined }) : one))
  const { shown } = state.announcements
  const isTheirs = shown?.kind === 'attempt' && shown.participant === learner
  return { ...(isTheirs ? announce(state, { shown: undefined }) : state), participants: ownAgain }
}

type Changes<T> = { readonly [Name in keyof T]?: T[Name] | undefined }

function change(
  state: ClassState,
  ids: readonly string[],
  by: (before: Participant) => Changes<Participant>,
): ClassState {
  const wanted = new Set(ids)
  return {
    ...state,
    participants: state.participants.map((one) =>
      wanted.has(one.id) ? without<Participant>({ ...one, ...by(one) }) : one,
    ),
  }
}

function announce(state: ClassState, by: Changes<Announcements>): ClassState {
  return { ...state, announcements: without<Announcements>({ ...state.announcements, ...by }) }
}

/** Without the fields that are undefined, so that its JSON doesn't contain them. */
function without<T extends object>(value: Changes<T>): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
}
