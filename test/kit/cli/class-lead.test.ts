import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Joined, paths } from '../../../src/classroom/api.ts'
import { findClass } from '../../../src/classroom/host/class-file.ts'
import { dayAndTime, timeOfDay } from '../../../src/classroom/time-of-day.ts'
import { whoIs } from '../../../src/cli/class-client.ts'
import { timeOf } from '../../../src/cli/commands/class/remove.ts'
import { call, passed, send, until } from '../classroom/class.ts'
import { need } from '../need.ts'
import { ended, newHome, runProgram, startProgram } from './program.ts'

describe('who is meant', () => {
  const of = (...labels: readonly string[]) =>
    labels.map((label, index) => ({
      ...{ id: label, label, number: index + 1, joinedAt: '', seenAt: '', lessons: {}, checks: [] },
      sharesCode: false,
    }))

  test.each([
    ['ada', 'Ada'],
    ['Ada (2)', 'Ada (2)'],
    ['bo', 'Bo'],
    ['bob', 'Bobby'],
    ['#3', 'Bo'],
  ])('%s', (asked, label) => {
    expect(whoIs(asked, of('Ada', 'Ada (2)', 'Bo', 'Bobby')).label).toBe(label)
  })

  test('no one, or one of several', () => {
    expect(() => whoIs('Cy', of('Ada'))).toThrow('No learner is called "Cy". Choose from Ada (#1).')
    expect(() => whoIs('Cy', of('Al', 'Bo', 'Di', 'Ed', 'Flo', 'Gus'))).toThrow(
      'No learner is called "Cy". Choose from Al (#1), Bo (#2), Di (#3), Ed (#4), Flo (#5), ….',
    )
    expect(() => whoIs('Cy', [])).toThrow(/^No learner is called "Cy"\.$/)
    expect(() => whoIs('b', of('Bea', 'Bo'))).toThrow('"b" could be Bea (#1), Bo (#2).')
  })
})

describe('since when', () => {
  const now = new Date(2026, 4, 2, 9, 30)

  test.each([
    ['5m', new Date(2026, 4, 2, 9, 25)],
    [' 10 min ', new Date(2026, 4, 2, 9, 20)],
    ['9:05', new Date(2026, 4, 2, 9, 5)],
    ['9:30', new Date(2026, 4, 2, 9, 30)],
    ['2026-05-01T23:50', new Date(2026, 4, 1, 23, 50)],
    ['2026-05-02T08:00:00.000Z', new Date('2026-05-02T08:00:00.000Z')],
  ])('%s', (typed, time) => {
    expect(timeOf(typed, now)).toBe(time.toISOString())
  })

  test.each([
    // As the pages show it in an English browser, and as people type it.
    ['02:37:39 PM', new Date(2026, 4, 2, 14, 37, 39)],
    ['2:37pm', new Date(2026, 4, 2, 14, 37)],
    ['2:37 a.m.', new Date(2026, 4, 2, 2, 37)],
    ['2:37', new Date(2026, 4, 2, 14, 37)],
    ['02:37', new Date(2026, 4, 2, 2, 37)],
    ['10:05 AM', new Date(2026, 4, 2, 10, 5)],
    ['14:37', new Date(2026, 4, 2, 14, 37)],
    ['10:30', new Date(2026, 4, 2, 10, 30)],
    ['3:30', new Date(2026, 4, 2, 3, 30)],
    ['12:10', new Date(2026, 4, 2, 12, 10)],
    ['12:10 AM', new Date(2026, 4, 2, 0, 10)],
    ['0:10', new Date(2026, 4, 2, 0, 10)],
  ])('%s, in the afternoon', (typed, time) => {
    expect(timeOf(typed, new Date(2026, 4, 2, 15, 0))).toBe(time.toISOString())
  })

  test.each([
    ['9:31', '2026-05-01T09:31'],
    ['09:31', '2026-05-01T09:31'],
    ['23:50', '2026-05-01T23:50'],
    ['2:30 PM', '2026-05-01T14:30'],
    ['12:00', '2026-05-01T12:00'],
    ['2026-05-03T08:00', '2026-05-01T08:00'],
  ])('%s is in the future', (typed, yesterday) => {
    const sentence = `"${typed}" is in the future. For yesterday, use ${yesterday}.`
    expect(() => timeOf(typed, now)).toThrow(sentence)
    expect(timeOf(yesterday, now)).toBe(new Date(yesterday).toISOString())
  })

  test('says the date if it is not today', () => {
    const today = new Date(2026, 4, 2, 0, 1).toISOString()
    expect(dayAndTime(today, now)).toBe(timeOfDay(today))
    expect(dayAndTime(new Date(2026, 4, 1, 23, 59).toISOString(), now)).toContain('2026')
  })

  // A year, to Date.parse: then everyone would have to go.
  test.each(['10', '2026', '', '25:10', '9:75', '14:30 PM', '0:30 AM', 'now', '-5m', '99999m'])(
    '"%s" isn\'t a time',
    (typed) => {
      expect(() => timeOf(typed, now)).toThrow("isn't a time. Use one like 10:30")
    },
  )
})

need('redis-server').describe('leading a class from the command line', () => {
  async function opened(home: string): Promise<ChildProcess> {
    const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'binary', BROWSER: 'none' }
    const child = startProgram(['class', 'open', '--no-open', '--name', 'Tuesday'], { env })
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
    })
    await until(
      () => said,
      (text) => text.includes('Ctrl-C'),
    )
    return child
  }

  test('says, times, releases, renames, merges, removes, undoes, closes; even while the hub is down', async () => {
    const home = await newHome()
    const child = await opened(home)
    onTestFinished(() => void child.kill('SIGKILL'))
    const run = async (...args: readonly string[]) => {
      const { stdout, stderr } = await runProgram(['class', ...args], { env: { EVENTLINGS_HOME: home } })
      return stdout + stderr
    }
    const { port, classInfo, secret } = findClass(path.join(home, '.eventlings'))
    const hub = { origin: `http://127.0.0.1:${port}` }
    const join = async (name: string, code = classInfo.joinCode) =>
      (await call<Joined>(hub, paths.join, { body: { code, name, share: false } })).body
    const [ada, again] = [await join('Ada'), await join('Ada')]
    const view = async (token = ada.token) =>
      (await call<{ readonly lead: object; readonly label: string }>(hub, paths.view, { token })).body

    expect(await run('secret')).toBe(`${secret}\n`)
    expect(await run('say', 'Coffee', 'at ten')).toBe(
      'Everyone sees it within a few seconds: “Coffee at ten”\n',
    )
    expect(await run('say', '--to', 'ada (2)', 'Line 12')).toMatch(/^Ada \(2\) sees it/)
    expect(await run('show', 'Two', 'steps?')).toBe('On the wall: “Two steps?”\n')
    expect(await run('show', '--clear')).toBe('The wall shows the class again.\n')
    expect(await run('show')).toMatch(/^Show what\?/)
    expect(await run('lower', '#1')).toBe("Ada hasn't raised a hand.\n")
    expect(await run('logout')).toMatch(/^Every browser is logged out of your pages\./)
    expect(await run('timer', '10', 'Task 1')).toBe('The timer is set for 10 min.\n')
    expect(await run('position', '05')).toBe('The class is at 05 A stream-based store.\n')
    expect(await run('release', '01')).toMatch(
      /^Everyone will see that the solution to 01 Events has been released/,
    )
    expect(await view()).toMatchObject({
      lead: {
        message: { text: 'Coffee at ten' },
        timer: { text: 'Task 1' },
        position: '05-stream-store',
        released: ['01-events'],
      },
    })
    expect(await view(again.token)).toMatchObject({ note: { text: 'Line 12' } })
    await run('release', '01', '--back')
    expect(await view()).toMatchObject({ lead: { released: [] } })
    expect(await run('rename', '#1', 'Ada Miller')).toBe('New name for Ada: Ada Miller\n')
    await send(hub, again.token, 0, [passed(1, '01-events')])
    expect(await run('merge', 'Ada (2)', 'ada m')).toMatch(/No learner is called "Ada \(2\)"/)
    expect(await run('merge', '#2', 'ada m')).toMatch(/^Ada counts as Ada Miller now\./)
    expect((await view(again.token)).label).toBe('Ada Miller')
    expect(await run('remove', 'Ada')).toMatch(/^Removed: Ada Miller\./)
    expect((await call(hub, paths.view, { token: ada.token })).status).toBe(404)
    expect(await run('undo')).toBe('Taken back: removing 2 learners.\n')
    expect(await run('undo')).toBe('Taken back: bringing back 2 learners.\n')
    expect(await run('undo')).toBe('Taken back: removing 2 learners.\n')
    expect((await view()).label).toBe('Ada Miller')
    expect(await run('code', '--new')).toMatch(/^Join code: \w{6}\n[\s\S]*The old code no longer works/)
    const { joinCode } = findClass(path.join(home, '.eventlings')).classInfo
    expect(joinCode).not.toBe(classInfo.joinCode)
    expect(await run('remove', '--since', '10m')).toMatch(/^Removed: 1 learner, everyone who joined since /)
    expect(await run('close')).toMatch(/^"Tuesday" is closed/)
    expect(await run('code')).toMatch(
      /^Join code: \w{6}\n\nThe class is closed, so no one can join\. To let learners in again: .*class reopen\n$/,
    )
    const gone = ended(child)
    child.kill('SIGINT')
    await gone
    expect(await run('reopen')).toBe('"Tuesday" accepts learners and events again.\n')
    expect(await run('code')).toContain(`Join code: ${joinCode}`)
    expect(await run('undo')).toBe('Taken back: reopening the class.\n')
  }, 300_000)

  test('a removed learner is brought back, whatever was done since, and the status says who is where', async () => {
    const home = await newHome()
    await opened(home)
    const run = async (...args: readonly string[]) => {
      const { stdout, stderr } = await runProgram(['class', ...args], { env: { EVENTLINGS_HOME: home } })
      return stdout + stderr
    }
    const { port, classInfo } = findClass(path.join(home, '.eventlings'))
    const hub = { origin: `http://127.0.0.1:${port}` }
    const body = { code: classInfo.joinCode, name: 'Ada', share: false }
    const { token } = (await call<Joined>(hub, paths.join, { body })).body
    await send(hub, token, 0, [passed(1, '01-events')])
    expect(await run('status')).toMatch(/is open: 1 learner\.[\s\S]*\n#1 +Ada +1 passed/)
    await run('remove', 'Ada')
    await run('say', 'Something else')
    expect(await run('remove', 'Bob', '--back')).toBe('No learner is called "Bob". Choose from Ada (#1).\n')
    expect(await run('remove', 'ada', '--back')).toBe('Ada is back, with everything they had sent.\n')
    expect((await call(hub, paths.view, { token })).status).toBe(200)
    expect(await run('remove', 'ada', '--back')).toBe('No one was removed in the last ten minutes.\n')
    await run('close')
    expect(await run('status')).toMatch(/is closed: 1 learner\.[\s\S]*class reopen\n/)
  }, 300_000)

  test.each([
    [['say'], /Say what\?/],
    [['timer', 'ten'], /"ten" isn't a number of minutes/],
    [['timer'], /How many minutes\?/],
    [['timer', '5000'], /"5000" isn't a number of minutes\. Use one like 10, at most 1440/],
    [['remove'], /Remove whom\?/],
    [['remove', '--back'], /Bring back whom\?/],
    [['say', 'Hello'], /No class has been opened here yet/],
  ] as const)('class %j says what is wrong', async (words, sentence) => {
    const { code, stderr } = await runProgram(['class', ...words], {
      env: { EVENTLINGS_HOME: await newHome() },
    })
    expect(code).toBe(2)
    expect(stderr).toMatch(sentence)
  })
})
