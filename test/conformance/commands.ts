import { test } from 'vitest'
import { attempt, call, callError, verify, verifyEqual } from '#kit'
import { show } from './append.ts'
import { CROWD, counted, countedFrom, type Expected, numbers, type Subject } from './subject.ts'

const S = 'order-1'
const EXPECTED: readonly (readonly [Expected, planted: number])[] = [
  ['any', 3],
  ['none', 0],
  ['exists', 3],
  [0, 0],
  [3, 3],
]

/** Checks that a repeated command gets its first result, and that nothing is compared or written for it. */
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
        `A command with \`expected: ${show(expected)}\` arrived a second time and got a conflict, which its own success had caused. Look for the command ID before you compare versions.`,
        { received: !again.ok && again.error },
      )
      const answer = await call('append', () => (again.ok ? again.value : Promise.reject(again.error)))
      verifyEqual(
        (await ids(S)).slice(planted),
        ['e-8', 'e-9', 'e-20'],
        'A command arrived a second time, and its events were written a second time. Look for the command ID before you write.',
      )
      verifyEqual(
        answer,
        first,
        'A command arrived a second time, after other commands had appended events. It should get its first result, version and position. The caller needs to know what happened to the command, not where the stream is now.',
      )
    })
  }

  test('a command comes again for another stream', async () => {
    const options = { expected: 'none', commandId: 'cmd-1' } as const
    const first = await call('append', () => subject.open().append(S, [counted(8)], options))
    const again = await attempt('append', () => subject.open().append('order-2', [counted(9)], options))
    verifyEqual(
      [again.ok ? again.value : again.error, await ids('order-2')],
      [first, []],
      'A command arrived a second time, but for another stream, as happens if a program generates a new order ID for each attempt. It should get its first result, and nothing should be written, or the customer ends up with two orders. A command ID applies to all streams of the store, so leave the stream out of its key. (Received: the result, and the events of the other stream.)',
    )
  })

  for (const [expected, planted] of EXPECTED) {
    test(`a reply is lost, expected ${expected}`, async () => {
      await subject.resend({
        name: 'append',
        prepare: async () => {
          if (planted > 0) await subject.plant(S, planted)
        },
        run: (store) => store.append(S, countedFrom(8, 9), { expected, commandId: 'cmd-1' }),
        verify: async (first, lost) => {
          // A store that can't know what happened to the command may report that, and then the command comes again.
          const outcome =
            first.ok || first.error instanceof ConcurrencyError
              ? first
              : await attempt('append', () =>
                  subject.open().append(S, countedFrom(8, 9), { expected, commandId: 'cmd-1' }),
                )
          const situation = `${lost === undefined ? 'No reply' : `The reply to \`${lost}\``} was lost, and the command was sent again, with \`expected: ${show(expected)}\`.`
          verifyEqual(
            [(await ids(S)).slice(planted), (await subject.logged()).length],
            [['e-8', 'e-9'], planted + 2],
            `${situation} Both events should be there exactly once, in the stream and in the log.`,
          )
          verify(
            outcome.ok && outcome.value.version === planted + 2,
            `${situation} \`append\` should return the first result, either now or when the caller sends the command again. The events that are already there are the command's own.`,
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
      'The stream is at version 3, and 2 was expected. `append` should throw a `ConcurrencyError`, even with a command ID.',
    )
    const outcome = await attempt('append', () =>
      subject.open().append(S, [counted(9)], { expected: 3, commandId }),
    )
    verify(
      outcome.ok && outcome.value.version === 4,
      "A command got a conflict, and the caller decided again and resent it with the same ID. It hadn't been carried out yet, so it should be now. Don't remember a conflict.",
      { received: outcome },
    )
    verifyEqual(
      await ids(S),
      ['e-1', 'e-2', 'e-3', 'e-9'],
      'A command got a conflict, and the caller decided again and resent it with the same ID. Only the events of the second attempt should be written.',
    )
  })

  test('two commands that look alike are still two', async () => {
    const commandIds = ['cmd-1', 'cmd-2', 'CMD-1', '{cmd-1}', 'cmd:1', 'cmd 1', ' ', S, 'log', `stream:${S}`]
    for (const commandId of commandIds) {
      const outcome = await attempt('append', () =>
        subject.open().append(S, [counted(8)], { expected: 'any', commandId }),
      )
      verify(
        outcome.ok,
        `\`append\` failed with the command ID \`"${commandId}"\`. A command ID is any string except the empty one. Accept it, and keep its result under a key that can't be the key of anything else.`,
        { received: !outcome.ok && outcome.error },
      )
    }
    for (let i = 0; i < 2; i += 1) {
      await call('append', () => subject.open().append(S, [counted(9)], { expected: 'any' }))
    }
    verifyEqual(
      await ids(S),
      [...commandIds.map(() => 'e-8'), 'e-9', 'e-9'],
      'Ten commands with different IDs and two without an ID were sent. They look alike, but each is a separate command and should have written its event.',
    )
  })
}

/**
 * Checks that a command which many callers send at the same moment is carried out once. Which calls meet is left to chance
 * here, so a suite that forces each meeting does that first: its diagnosis is the exact one.
 */
export function crowdConforms(subject: Subject): void {
  const ids = async (stream: string) => (await subject.stored(stream)).map(({ event }) => event.eventId)

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
      `The same command arrived ${writers} times at the same moment and should be carried out only once. Look for its ID and write in one step.`,
    )
    const first = outcomes[0]
    for (const outcome of outcomes) {
      verifyEqual(
        outcome,
        first?.ok === true
          ? { ok: true, value: { version: 2, position: first.value.position } }
          : { ok: true },
        `The same command arrived ${writers} times at the same moment. All calls should get the same result.`,
      )
    }
  })
}
