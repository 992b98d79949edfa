import type { Lead } from '../api.ts'
import type { ClassEvent } from './class-event.ts'

export interface Participant {
  readonly id: string
  /** 1, 2, 3… in the order of joining; the number of someone who left isn't reused. */
  readonly number: number
  readonly name: string
  readonly joinedAt: string
  readonly share: boolean
  /** When the instructor last lowered their hand: a hand raised before that is down. */
  readonly loweredAt?: string
}

export interface ClassState {
  readonly lead: Lead
  readonly closedAt?: string
  /** In the order of joining. */
  readonly participants: readonly Participant[]
  /** How many have ever joined. */
  readonly joined: number
}

export const newClass: ClassState = { lead: { released: [] }, participants: [], joined: 0 }

/** The class after another event. Pure; its input isn't changed. */
export function evolveClass(state: ClassState, event: ClassEvent): ClassState {
  const { type, at, payload } = event
  switch (type) {
    case 'PARTICIPANT_JOINED':
      return joined(state, { id: payload.learner, name: payload.name, joinedAt: at, share: payload.share })
    case 'SHARING_CHANGED':
      return change(state, payload.learner, { share: payload.share })
    case 'PARTICIPANT_LEFT':
      return { ...state, participants: state.participants.filter(({ id }) => id !== payload.learner) }
    case 'HAND_LOWERED':
      return change(state, payload.learner, { loweredAt: at })
    case 'POSITION_SET':
      return lead(state, { position: payload.slug })
    case 'TIMER_SET':
      return lead(state, {
        timer: payload.until === undefined ? undefined : { until: payload.until, text: payload.text ?? '' },
      })
    case 'MESSAGE_SENT':
      return lead(state, { message: payload.text === undefined ? undefined : { at, text: payload.text } })
    case 'PAUSE_BEGUN':
      return lead(state, { pause: payload.until === undefined ? {} : { until: payload.until } })
    case 'PAUSE_ENDED':
      return lead(state, { pause: undefined })
    case 'SOLUTION_RELEASED':
      return state.lead.released.includes(payload.slug)
        ? state
        : lead(state, { released: [...state.lead.released, payload.slug] })
    case 'CLASS_CLOSED':
      return { ...state, closedAt: at }
    case 'CLASS_REOPENED': {
      const { closedAt: _, ...open } = state
      return open
    }
    default:
      event satisfies never
      return state
  }
}

/** A participant who joins again (the hub had lost them) keeps their place in the order. */
function joined(state: ClassState, participant: Omit<Participant, 'number'>): ClassState {
  const index = state.participants.findIndex(({ id }) => id === participant.id)
  const before = state.participants[index]
  if (before === undefined) {
    const number = state.joined + 1
    return { ...state, participants: [...state.participants, { ...participant, number }], joined: number }
  }
  const { name, share } = participant
  return { ...state, participants: state.participants.with(index, { ...before, name, share }) }
}

function change(state: ClassState, id: string, by: Partial<Participant>): ClassState {
  return {
    ...state,
    participants: state.participants.map((one) => (one.id === id ? { ...one, ...by } : one)),
  }
}

type LeadChange = { readonly [Name in keyof Lead]?: Lead[Name] | undefined }

/** Undefined removes a value, so that the JSON doesn't contain it. */
function lead(state: ClassState, by: LeadChange): ClassState {
  const entries = Object.entries({ ...state.lead, ...by }).filter(([, value]) => value !== undefined)
  return { ...state, lead: { released: state.lead.released, ...Object.fromEntries(entries) } }
}
