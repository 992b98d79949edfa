import { expect, test } from 'vitest'
import { diagnosesIn, unreached } from '../../../src/authoring/diagnoses.ts'
import type { CheckResult } from '../../../src/check/index.ts'

const suite = `
// It doesn't matter that a comment has an apostrophe, or is a whole sentence of its own.
test('keeps the order of the events that were stored', () => {
  if (/^['"\`]/.test(first) || left / 2 > 1) return
  verify(a, 'append should write one entry, because a reader counts them. It\\'s the contract.')
  verify(b, \`The process died after \${last ?? \`nothing\`}, and \${{ left: 1 }.left} of 2 events are there: write both at once.\`)
  const found = \`\${points} points, made at 2026-03-01T10:00:00.000Z by version \${version}\`
  verify(c, "Nobody ever gets to read this sentence, since an answer doesn't fail here.")
})
`

const saying = (...diagnoses: string[]): CheckResult[] =>
  diagnoses.map((diagnosis) => ({
    lesson: '01-events',
    target: 'solution',
    passed: false,
    skipped: 0,
    redis: { kind: 'embedded', name: 'the embedded server', version: '7.0' },
    tasks: [{ task: 'append', state: 'failed', diagnosis, commands: [] }],
    output: '',
    notes: [],
    ms: 1,
  }))

test('the diagnoses of a suite are its sentences, with gaps for substitutions', () => {
  expect(diagnosesIn(suite)).toEqual([
    {
      line: 5,
      pieces: ["append should write one entry, because a reader counts them. It's the contract."],
    },
    { line: 6, pieces: ['The process died after ', ', and ', ' of 2 events are there: write both at once.'] },
    { line: 8, pieces: ["Nobody ever gets to read this sentence, since an answer doesn't fail here."] },
  ])
})

test('diagnoses that no answer gets are found', () => {
  const results = saying(
    "append should write one entry, because a reader counts them. It's the contract.",
    'The process died after XADD, and 1 of 2 events are there: write both at once.',
  )
  expect(unreached(diagnosesIn(suite), results).map(({ line }) => line)).toEqual([8])
  expect(unreached(diagnosesIn(suite), saying()).map(({ line }) => line)).toEqual([5, 6, 8])
})
