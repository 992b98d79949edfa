import { type CheckEvent, COURSE, isOwnCheck, isUnbegun, type ProgressEvent } from '../../progress/index.ts'
import type { Activity, Attempt } from '../api.ts'
import { dotOf } from './row-state.ts'

/** A participant's attempts, oldest first, without their code. */
export function attemptsOf(events: readonly ProgressEvent[]): readonly Attempt[] {
  return events.filter(isOwnCheck).map(attemptOf)
}

function attemptOf(event: CheckEvent): Attempt {
  const base = { ...dotOf(event), eventId: event.eventId, tasks: event.payload.tasks }
  if (event.eventType === 'CHECK_PASSED') return base
  const { task, diagnosis } = event.payload
  const unbegun = isUnbegun(event) ? { unbegun: true as const } : {}
  return { ...base, ...(task !== undefined && { task }), diagnosis, ...unbegun }
}

/** What else a participant did, oldest first. */
export function activityOf(events: readonly ProgressEvent[], classId: string): readonly Activity[] {
  return events.flatMap((event) => {
    const said = toActivity(event, classId)
    if (said === undefined) return []
    const slug = event.entityId === COURSE ? {} : { slug: event.entityId }
    return [{ at: event.timestamp, ...slug, ...said }]
  })
}

function toActivity(event: ProgressEvent, classId: string): Pick<Activity, 'what' | 'text'> | undefined {
  switch (event.eventType) {
    case 'LESSON_OPENED':
      return { what: 'opened' }
    case 'HINT_REVEALED':
      return { what: 'hint', text: `task ${event.payload.task}, step ${event.payload.step}` }
    case 'SOLUTION_REVEALED':
      return { what: 'solution' }
    case 'LESSON_RESET':
      return { what: 'reset' }
    case 'LESSON_SKIPPED':
      return { what: 'skipped' }
    case 'QUIZ_ANSWERED':
      // Which answer it was isn't the class's business.
      return { what: 'quiz' }
    case 'HAND_RAISED':
      return event.payload.class === classId ? { what: 'hand up', text: event.payload.text } : undefined
    case 'HAND_LOWERED':
      return event.payload.class === classId ? { what: 'hand down' } : undefined
    default:
      return undefined
  }
}
