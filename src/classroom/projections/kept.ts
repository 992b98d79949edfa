import { isKnown, type ProgressEvent, type StoredEvent } from '../../progress/index.ts'
import { limits } from '../limits.ts'
import { plainText } from './names.ts'

/**
 * What a class keeps of a learner's event: the fields that it shows, each cut to what it shows, whatever the client
 * sent. Of a type from a later version, that's only that it happened.
 */
export function keptOf(event: StoredEvent): StoredEvent {
  const { eventId, timestamp, eventType, entityId, logId, n } = event
  const payload = isKnown(event) ? payloadOf(event) : {}
  return { eventId, timestamp, eventType, entityId, payload, metadata: {}, logId, n }
}

function payloadOf(event: ProgressEvent): object {
  switch (event.eventType) {
    case 'CHECK_FAILED': {
      const { task, diagnosis, untouched } = event.payload
      const atTask = task === undefined ? {} : { task: cut(task, limits.task) }
      const unbegun = untouched === undefined ? {} : { untouched }
      return { ...checkOf(event.payload), ...atTask, diagnosis: cut(diagnosis, limits.diagnosis), ...unbegun }
    }
    case 'CHECK_PASSED':
      return { ...checkOf(event.payload), skipped: event.payload.skipped }
    case 'HINT_REVEALED':
      return { task: event.payload.task, step: event.payload.step }
    case 'HAND_RAISED':
      return { class: cut(event.payload.class, WORD), text: plainText(event.payload.text, limits.text) }
    case 'HAND_LOWERED':
      return { class: cut(event.payload.class, WORD) }
    case 'QUIZ_ANSWERED':
      // Which answer it was isn't the class's business.
      return { question: '', answer: '', right: event.payload.right }
    case 'TRACK_CHOSEN':
      return { track: cut(event.payload.track, WORD) }
    case 'PLACEMENT_TAKEN': {
      const { right, questions, startAt } = event.payload
      return { right, questions, startAt: cut(startAt, WORD) }
    }
    case 'LOG_OPENED':
      return { format: event.payload.format }
    case 'LESSON_OPENED':
    case 'LESSON_READ':
    case 'LESSON_RESET':
    case 'LESSON_SKIPPED':
    case 'SOLUTION_REVEALED':
      return {}
    default:
      event satisfies never
      return {}
  }
}

type Check = Extract<ProgressEvent, { eventType: 'CHECK_FAILED' | 'CHECK_PASSED' }>['payload']

function checkOf({ target, redis, ms, tasks }: Check): object {
  const short = tasks
    .slice(0, limits.tasks)
    .map(({ task, state }) => ({ task: cut(task, limits.task), state }))
  return { target: cut(target, WORD), redis: cut(redis, WORD), ms, tasks: short }
}

/** Characters of an ID or a word. */
const WORD = 80

/** Never in the middle of a character. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text
  return `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
