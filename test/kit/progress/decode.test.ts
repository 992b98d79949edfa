import { describe, expect, test } from 'vitest'
import { decodeLine } from '../../../src/progress/decode.ts'
import { encodeLine, plainCopy } from '../../../src/progress/encode.ts'
import { event, failed } from './sample.ts'

const sound = event('CHECK_FAILED', '01-events', failed())
const changed = (change: object) => decodeLine(JSON.stringify({ ...sound, ...change }))

describe('a line of the log', () => {
  test('comes back as it was written', () => {
    expect(decodeLine(encodeLine(sound))).toEqual({ kind: 'known', event: sound })
    expect(decodeLine(`${JSON.stringify(sound)}\r`)).toEqual({ kind: 'known', event: sound })
  })

  test.each([
    ["it isn't JSON", '{"eventId":'],
    ["it isn't JSON", 'hello'],
    ["it isn't an object", '[]'],
    ["it isn't an object", 'null'],
    ["it isn't an object", '"text"'],
    ['it has no eventId', '{}'],
  ])('%s: %s', (problem, line) => {
    expect(decodeLine(line)).toEqual({ kind: 'malformed', problem })
  })

  test.each([
    ["its eventId isn't a UUID", { eventId: 'one' }],
    ["its timestamp isn't a time in ISO 8601", { timestamp: 'yesterday' }],
    ["its timestamp isn't a time in ISO 8601", { timestamp: '2025-13-45T00:00:00Z' }],
    ['it has no entityId', { entityId: undefined }],
    ["its entityId isn't a nonempty string", { entityId: '' }],
    ["its payload isn't an object", { payload: [] }],
    ["its metadata isn't an object", { metadata: null }],
    ['it has no logId', { logId: undefined }],
    ["its n isn't a whole number of 1 or more", { n: 0 }],
    ["its n isn't a whole number of 1 or more", { n: 1.5 }],
    ['it has no payload.diagnosis', { payload: { ...sound.payload, diagnosis: undefined } }],
    ["its payload.ms isn't a number of 0 or more", { payload: { ...sound.payload, ms: '25' } }],
    [
      "its payload.tasks isn't a list of { task, state }",
      { payload: { ...sound.payload, tasks: [{ task: 'a', state: 'odd' }] } },
    ],
    ["its payload.tasks isn't a list of { task, state }", { payload: { ...sound.payload, tasks: [null] } }],
  ])('%s', (problem, change) => {
    expect(changed(change)).toEqual({ kind: 'malformed', problem })
  })

  test('a type from a later version is kept whole, even one named like something in JavaScript', () => {
    for (const eventType of ['BADGE_EARNED', 'constructor', '__proto__', 'toString']) {
      const decoded = changed({ eventType, payload: { anything: [1] }, extra: true })
      expect(decoded).toMatchObject({
        kind: 'unknown',
        event: { eventType, payload: { anything: [1] }, extra: true },
      })
    }
  })

  test('fields from a later version are kept', () => {
    expect(changed({ extra: 1, payload: { ...sound.payload, more: 2 } })).toMatchObject({
      kind: 'known',
      event: { extra: 1, payload: { more: 2 } },
    })
  })

  test('a long message of an answer is cut, but never inside a character', () => {
    const long = plainCopy({ diagnosis: `${'x'.repeat(3_999)}😀${'y'.repeat(100_000)}` })
    expect(long.diagnosis).toBe(`${'x'.repeat(3_999)}…`)
    expect(plainCopy({ text: 'a\nb\u2028c' })).toEqual({ text: 'a\nb\u2028c' })
    expect(encodeLine({ ...sound, payload: { text: 'a\nb\r' } }).indexOf('\n')).toBe(
      encodeLine({ ...sound, payload: { text: 'a\nb\r' } }).length - 1,
    )
  })
})
