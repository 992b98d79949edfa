import { test } from 'vitest'
import { attempt, call, callError, verify, verifyEqual } from '#kit'
import { CROWD, counted, countedFrom, type Expected, numbers, type Subject } from './subject.ts'

const S = 'order-1'
const EXPECTED: readonly (readonly [Expected, planted: number])[] = [
  ['any', 3],
  ['none', 0],
  ['exists', 3],
  [0, 0],
  [3, 3],
]

/** A command that comes again gets its first answer, and nothing is compared or written. */
export function commandsConform(subject: Subject): void {
  const { ConcurrencyError } = subject.errors
  const ids = async (stream: string) => (await subject.stored(stream)).map(({ event }) => event.eventId)

  for (const [expected, planted] of EXPECTED) {
    test(`a command comes again, expected ${expected}`, async () => {
      if (planted > 0) await subject.plant(S, planted)
      const options = { expected, commandId: 'cmd-1' }
      const first = await call('append', () => subject.open().append(S, countedFrom(8, 9), options))
      await call('append', () => subject.open().append(S, [counted(20)], { expected: 'any' }))
      const again = await attempt('append', () => subject.open().append(S, countedFrom(8, 9), options))
      verify(
        again.ok || !(again.error instanceof ConcurrencyError),
        `A command with expected ${JSON.stringify(expected)} came a second time and was told of a conflict. What is in its way is its own success: look for the command id before you compare versions.`,
        { received: !again.ok && again.error },
      )
      const answer = await call('append', () => (again.ok ? again.value : Promise.reject(again.error)))
      verifyEqual(
        (await ids(S)).slice(planted),
        ['e-8', 'e-9', 'e-20'],
        'A command came a second time, and its events were written a second time.',
      )
      verifyEqual(
        answer,
        first,
        'A command came a second time, after others had appended. It should get its first answer, version and position: whoever asks again wants to know what happened, not where the stream is now.',
      )
    })
  }

  for (const [expected, planted] of EXPECTED) {
    test(`a reply is lost, expected ${expected}`, async () => {
      await subject.resend({
        name: 'append',
        prepare: async () => {
          if (planted > 0) await subject.plant(S, planted)
        },
        run: (store) => store.append(S, countedFrom(8, 9), { expected, commandId: 'cmd-1' }),
        verify: async (first, lost) => {
          // Whoever cannot know what became of a command may say so: then it comes again.
          const outcome =
            first.ok || first.error instanceof ConcurrencyError
              ? first
              : await attempt('append', () =>
                  subject.open().append(S, countedFrom(8, 9), { expected, commandId: 'cmd-1' }),
                )
          const told = `The reply to ${lost ?? 'nothing'} was lost and the command sent again, with expected ${JSON.stringify(expected)}`
          verifyEqual(
            [(await ids(S)).slice(planted), (await subject.logged()).length],
            [['e-8', 'e-9'], planted + 2],
            `${told}. Both events should be there once, in the stream and in the log.`,
          )
          verify(
            outcome.ok && outcome.value.version === planted + 2,
            `${told}. append should answer as if nothing had happened, or at least when the command comes again: what it meets is its own success.`,
            { received: outcome },
          )
        },
      })
    })
  }

  test('a conflict is not remembered', async () => {
    await subject.plant(S, 3)
    const commandId = 'cmd-1'
    await callError(
      'append',
      () => subject.open().append(S, [counted(8)], { expected: 2, commandId }),
      ConcurrencyError,
      'The stream is at version 3 and 2 was expected. append should throw a ConcurrencyError, with a command id too.',
    )
    const outcome = await attempt('append', () =>
      subject.open().append(S, [counted(9)], { expected: 3, commandId }),
    )
    verify(
      outcome.ok && outcome.value.version === 4,
      'A command met a conflict, was decided anew and came again under its id. It had not been done yet; it should be now.',
      { received: outcome },
    )
    verifyEqual(
      await ids(S),
      ['e-1', 'e-2', 'e-3', 'e-9'],
      'A command met a conflict, was decided anew and came again under its id. Only its second events should be written.',
    )
  })

  test('two commands that look alike are two', async () => {
    for (const commandId of ['cmd-1', 'cmd-2', '{cmd-1}', 'cmd:1', 'cmd 1', S]) {
      await call('append', () => subject.open().append(S, [counted(8)], { expected: 'any', commandId }))
    }
    for (let i = 0; i < 2; i += 1) {
      await call('append', () => subject.open().append(S, [counted(9)], { expected: 'any' }))
    }
    verifyEqual(
      await ids(S),
      ['e-8', 'e-8', 'e-8', 'e-8', 'e-8', 'e-8', 'e-9', 'e-9'],
      'Six commands with ids of their own and two without an id were done. What looks alike is not the same; each should have written its event.',
    )
  })

  test('many at once, one command', async () => {
    const { writers } = subject.sizes
    const options = { expected: 'none', commandId: 'cmd-1' } as const
    const outcomes = await Promise.all(
      numbers(1, writers).map(() =>
        attempt('append', () => subject.open().append(S, countedFrom(8, 9), options), CROWD),
      ),
    )
    verifyEqual(
      await ids(S),
      ['e-8', 'e-9'],
      `The same command came ${writers} times at once. To look whether it is known and to do it have to be one step.`,
    )
    const first = outcomes[0]
    for (const outcome of outcomes) {
      verifyEqual(
        outcome,
        first?.ok === true
          ? { ok: true, value: { version: 2, position: first.value.position } }
          : { ok: true },
        `The same command came ${writers} times at once. All should get the one answer.`,
      )
    }
  })
}
