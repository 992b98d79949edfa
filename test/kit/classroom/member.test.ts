import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cp, mkdir, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Overview, paths } from '../../../src/classroom/api.ts'
import { findClass } from '../../../src/classroom/host/class-file.ts'
import { connectRedis } from '../../../src/classroom/hub/connect.ts'
import { readLog } from '../../../src/classroom/hub/read.ts'
import { keepAnswers } from '../../../src/classroom/member/answers.ts'
import { hasPending, keepSending, sendUntilDone } from '../../../src/classroom/member/background.ts'
import { join, rejoin } from '../../../src/classroom/member/join.ts'
import { readMembership, readSent, readView, writeSent } from '../../../src/classroom/member/membership.ts'
import { sendPending } from '../../../src/classroom/member/send.ts'
import { readExport } from '../../../src/classroom/read-export.ts'
import { openProgress, type ProgressLog } from '../../../src/progress/index.ts'
import { startOwnServer } from '../../../src/redis/index.ts'
import { ended, newHome, runProgram, startProgram } from '../cli/program.ts'
import { need } from '../need.ts'
import { call, embedded, newClassInfo, type Served, serve, until } from './class.ts'

vi.setConfig({ testTimeout: 240_000 }) // a dozen programs one after the other, even on a busy machine

/** A busy machine may take long for a large batch (ms), which these tests aren't about. */
const timeoutMs = 60_000

const check = { target: 'workspace', redis: 'binary', ms: 1, tasks: [] }

/** A learner's folder with a log in it, joined to the class. */
async function learnerOf(served: Served, name = 'Ada', share = false) {
  const home = await newHome()
  const folder = path.join(home, '.eventlings')
  const progress = openProgress(folder)
  await progress.record('LESSON_OPENED', '01-events', {})
  await join(folder, { address: served.origin, code: served.classInfo.joinCode, name, share })
  return { home, folder, progress }
}

async function fail(progress: ProgressLog, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await progress.record('CHECK_FAILED', '01-events', { ...check, diagnosis: `${n}` })
  }
}

/** What the class has of the learner, in its order. */
async function stored({ hub }: Served, folder: string, progress: ProgressLog): Promise<readonly string[]> {
  const { redis, keys } = hub.store
  const log = { learner: readMembership(folder)?.learner ?? '', logId: progress.logId ?? '', n: 0 }
  const { events } = await readLog(redis, keys, log)
  return events.map(({ event }) => event.eventId)
}

const idsOf = (progress: ProgressLog) => progress.since(0).map(({ eventId }) => eventId)

describe('events arrive once and in order', () => {
  test('even those from before joining, and in many batches', async () => {
    const served = await serve(await embedded())
    const { folder, progress } = await learnerOf(served)
    await fail(progress, 450)
    expect(hasPending(folder)).toBe(true)
    const view = await sendPending({ folder, progress, timeoutMs })
    expect(view).toMatchObject({ name: 'Tuesday', label: 'Ada', closed: false })
    expect(await stored(served, folder, progress)).toEqual(idsOf(progress))
    expect(hasPending(folder)).toBe(false)
  })

  test('offline for a while, with the hub gone in between', async () => {
    const url = await embedded()
    const first = await serve(url)
    const { folder, progress } = await learnerOf(first)
    await sendPending({ folder, progress, timeoutMs })
    const { port } = new URL(first.origin)
    await first.stop()
    await fail(progress, 3)
    await expect(sendPending({ folder, progress, timeoutMs })).rejects.toThrow("doesn't answer")
    // The sender in the background keeps trying, and the hub comes back at the same address.
    const sending = sendUntilDone({ folder, progress }, 30_000)
    await fail(progress, 2)
    const second = await serve(url, first.classInfo, { port: Number(port) })
    expect(await sending).toBe(true)
    await sendPending({ folder, progress, timeoutMs })
    expect(await stored(second, folder, progress)).toEqual(idsOf(progress))
  })

  test('to a hub that has lost everything', async () => {
    const served = await serve(await embedded())
    const { folder, progress } = await learnerOf(served)
    await fail(progress, 5)
    await sendPending({ folder, progress, timeoutMs })
    const { redis } = served.hub.store
    if ('nodes' in redis) throw new Error('no cluster was started')
    await redis.flushall()
    await fail(progress, 1)
    await sendPending({ folder, progress, timeoutMs })
    expect(await stored(served, folder, progress)).toEqual(idsOf(progress))
  })

  test('to a hub that has lost everything, without anything new since', async () => {
    const served = await serve(await embedded())
    const { folder, progress } = await learnerOf(served)
    await fail(progress, 5)
    await sendPending({ folder, progress, timeoutMs })
    const { redis, keys } = served.hub.store
    if ('nodes' in redis) throw new Error('no cluster was started')
    await redis.flushall()
    await until(
      () => served.hub.overview().participants.length,
      (count) => count === 0,
    )
    await sendPending({ folder, progress, timeoutMs })
    expect(await stored(served, folder, progress)).toEqual(idsOf(progress))
    // Or the latest: what wasn't on the disk when the power failed.
    const learner = readMembership(folder)?.learner ?? ''
    const log = keys.learner(learner, progress.logId ?? '')
    const entries = await redis.xrange(log, '-', '5-0')
    await redis.del(log)
    for (const [id, fields] of entries) await redis.xadd(log, id, ...fields)
    await redis.hset(keys.cursors, learner, `${progress.logId} 5`)
    await sendPending({ folder, progress, timeoutMs })
    expect(await stored(served, folder, progress)).toEqual(idsOf(progress))
  })

  test('sent by two programs at once, or after acknowledgments were forgotten here', async () => {
    const served = await serve(await embedded())
    const { folder, progress } = await learnerOf(served)
    await fail(progress, 250)
    await Promise.all([
      sendPending({ folder, progress, timeoutMs }),
      sendPending({ folder, progress: openProgress(folder), timeoutMs }),
    ])
    writeSent(folder, { logId: '', n: 0, size: 0, seen: 0 })
    await sendPending({ folder, progress, timeoutMs })
    expect(await stored(served, folder, progress)).toEqual(idsOf(progress))
  })

  test('without events that the class would refuse, which hold up nothing', async () => {
    const served = await serve(await embedded())
    const { folder, progress } = await learnerOf(served)
    await progress.record('LESSON_OPENED', '../../etc', {})
    const tasks = Array.from({ length: 10 }, () => ({ task: 'x'.repeat(3_000), state: 'failed' as const }))
    await progress.record('CHECK_FAILED', '01-events', { ...check, tasks, diagnosis: '' })
    await fail(progress, 1)
    await sendPending({ folder, progress, timeoutMs })
    expect(await stored(served, folder, progress)).toEqual([0, 1, 4].map((n) => idsOf(progress)[n]))
    expect(hasPending(folder)).toBe(false)
  })

  test('from a log that was reset to an earlier state, and continued from there', async () => {
    const served = await serve(await embedded())
    const { folder, progress } = await learnerOf(served)
    await fail(progress, 2)
    await sendPending({ folder, progress, timeoutMs })
    const log = path.join(folder, 'progress.jsonl')
    const files = [log, path.join(folder, 'class-sent.json')]
    const backup = files.map((file) => readFileSync(file))
    await fail(progress, 3)
    await sendPending({ folder, progress, timeoutMs })
    for (const [index, file] of files.entries()) writeFileSync(file, backup[index] ?? '')
    const again = openProgress(folder)
    await again.record('CHECK_PASSED', '01-events', { ...check, skipped: 0 })
    await fail(again, 1)
    await sendPending({ folder, progress: again, timeoutMs })
    const page = await until(
      () => served.hub.participant(readMembership(folder)?.learner ?? ''),
      (seen) => seen?.attempts.length === 7 && seen.row.lessons['01-events']?.attempts === 7,
    )
    // What happened before the log was reset did happen, and the class keeps it.
    const [no, yes] = [false, true]
    expect(page?.attempts.map(({ passed }) => passed)).toEqual([no, no, no, no, no, yes, no])
    await fail(again, 1)
    await sendPending({ folder, progress: again, timeoutMs })
    expect(readSent(folder).n).toBe(again.since(0).at(-1)?.n)
    await until(
      () => served.hub.overview().participants[0]?.lessons['01-events']?.attempts,
      (attempts) => attempts === 8,
    )
  })

  test('from a folder that was copied to another machine, when both continue', async () => {
    const served = await serve(await embedded())
    const { folder, progress } = await learnerOf(served)
    await fail(progress, 2)
    const other = path.join(await newHome(), '.eventlings')
    await cp(folder, other, { recursive: true })
    const copy = openProgress(other)
    // What was not sent before the copy was made is sent by both; and the first is ahead when the second one sends.
    await fail(progress, 2)
    await sendPending({ folder, progress, timeoutMs })
    await sendPending({ folder: other, progress: copy, timeoutMs })
    for (let turn = 0; turn < 2; turn += 1) {
      await copy.record('CHECK_PASSED', '01-events', { ...check, skipped: 0 })
      await sendPending({ folder: other, progress: copy, timeoutMs })
      await fail(progress, 1)
      await sendPending({ folder, progress, timeoutMs })
    }
    const page = await until(
      () => served.hub.participant(readMembership(folder)?.learner ?? ''),
      (seen) => seen?.attempts.length === 8,
    )
    const both = [...progress.since(0), ...copy.since(0)].filter(({ eventType }) => /^CHECK/.test(eventType))
    expect(new Set(page?.attempts.map(({ eventId }) => eventId))).toEqual(
      new Set(both.map(({ eventId }) => eventId)),
    )
    expect([folder, other].map((one) => hasPending(one))).toEqual([false, false])
  })

  test('after an import the log continues under another ID, and the class has all of it', async () => {
    const served = await serve(await embedded())
    const { folder, progress, home } = await learnerOf(served)
    await sendPending({ folder, progress, timeoutMs })
    const elsewhere = openProgress(path.join(home, 'elsewhere'))
    await elsewhere.record('CHECK_PASSED', '01-events', { ...check, skipped: 0 })
    await elsewhere.exportTo(path.join(home, 'other.jsonl'))
    await progress.importFrom(path.join(home, 'other.jsonl'))
    await sendPending({ folder, progress, timeoutMs })
    expect(await stored(served, folder, progress)).toEqual(idsOf(progress))
    await until(
      () => served.hub.overview().participants[0]?.lessons['01-events']?.light,
      (light) => light === 'passed',
    )
  })
})

test('a learner whose name is taken is told', async () => {
  const served = await serve(await embedded())
  const asAda = { address: served.origin, code: served.classInfo.joinCode, name: 'Ada', share: false }
  const joined = async () => await join(path.join(await newHome(), '.eventlings'), asAda)
  expect(await joined()).toMatchObject({ label: 'Ada', isNumbered: false })
  expect(await joined()).toMatchObject({ label: 'Ada (2)', isNumbered: true })
})

test('joining from another class is not a wrong guess, and a class that moved is found again', async () => {
  const url = await embedded()
  const [old, now] = [await serve(url), await serve(url, undefined, { elapsed: () => 0 })]
  const members = await Promise.all(Array.from({ length: 12 }, (_, n) => learnerOf(old, `Learner ${n}`)))
  for (const { folder } of members) {
    expect(await rejoin(folder, now.origin)).toBeUndefined()
    await join(folder, { address: now.origin, code: now.classInfo.joinCode, name: 'Ada', share: false })
  }
  await now.stop()
  const moved = await serve(url, now.classInfo)
  const [ada] = members
  const { learner } = readMembership(ada?.folder ?? '') ?? {}
  expect(await rejoin(ada?.folder ?? '', moved.origin)).toMatchObject({ address: moved.origin, learner })
})

describe('code', () => {
  test('is sent with the check that it belongs to, if unchanged since', async () => {
    const served = await serve(await embedded())
    const { folder, progress, home } = await learnerOf(served, 'Ada', true)
    const answer = (slug: string) => path.join(home, 'workspace', `${slug}.ts`)
    await mkdir(path.join(home, 'workspace'))
    // File systems are not exact to the millisecond: the time of a save before and after a check is set, not awaited.
    const save = async (text: string, seconds: number) => {
      await writeFile(answer('01-events'), text)
      const at = Date.now() / 1_000 + seconds
      await utimes(answer('01-events'), at, at)
    }
    await save('first', -60)
    await fail(progress, 1)
    keepAnswers(folder, progress, answer)
    // Saved again, but its check isn't there yet: it must not pass for the old one.
    await fail(progress, 1)
    await save('second', 60)
    keepAnswers(folder, progress, answer)
    await sendPending({ folder, progress, timeoutMs })
    const page = await until(
      () => served.hub.participant(readMembership(folder)?.learner ?? ''),
      (seen) => seen?.attempts.length === 2,
    )
    expect(page?.attempts.map(({ code }) => code)).toEqual(['first', undefined])
    expect(readdirSync(path.join(folder, 'class-code'))).toEqual([])
  })
})

test('a program that stays open sends alongside its work, and receives class news', async () => {
  const served = await serve(await embedded())
  const { folder, progress } = await learnerOf(served)
  onTestFinished(keepSending({ folder, progress }))
  await served.hub.store.record({ type: 'POSITION_SET', payload: { slug: '01-events' } })
  await fail(progress, 1)
  await until(
    () => served.hub.overview().participants[0]?.checks.length,
    (count) => count === 1,
  )
  await until(
    () => readView(folder)?.lead.position,
    (slug) => slug !== undefined || !hasPending(folder, 0),
  )
  expect(readSent(folder).n).toBeGreaterThan(0)
})

describe('the commands', () => {
  test('join, check, stuck, status, share, leave', async () => {
    const served = await serve(await embedded())
    const home = await newHome()
    const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' }
    const run = (...args: readonly string[]) => runProgram(args, { env })
    expect((await run('stuck')).stderr).toMatch(/^You aren't in a class\. Join one: /)
    const wrong = await run('class', 'join', served.origin, '--code', 'XXXXXX', '--as', 'Ada')
    expect(wrong).toMatchObject({
      code: 2,
      stdout: '',
      stderr: "That isn't the join code. Ask your instructor for it.\n",
    })
    const missing = await run('class', 'join', served.origin, '--as', 'Ada')
    expect(missing).toMatchObject({ code: 2, stdout: '' })
    expect(missing.stderr).toMatch(/^The join code is missing\. This isn't a terminal/)
    const joined = await run('class', 'join', `${served.origin}/#${served.classInfo.joinCode}`, '--as', 'Ada')
    expect(joined).toMatchObject({ code: 0, stderr: '' })
    expect(joined.stdout).toMatch(/^You're in "Tuesday" as Ada\.\n/)

    await run('start', '01')
    expect((await run('check', '01')).code).toBe(1)
    const row = await until(
      () => served.hub.overview().participants[0],
      (seen) => seen?.checks.length === 1,
    )
    expect(row?.current).toMatchObject({ slug: '01-events', attempts: 1 })

    expect((await run('stuck', 'why', 'so?')).stdout).toMatch(/^Your hand is up\./)
    await until(
      () => served.hub.overview().participants[0]?.hand?.text,
      (text) => text === 'why so?',
    )
    await run('stuck', '--done')
    await until(
      () => served.hub.overview().participants[0]?.hand,
      (hand) => hand === undefined,
    )
    await served.hub.store.record({ type: 'POSITION_SET', payload: { slug: '01-events' } })
    const status = await run('class', 'status')
    expect(status.stdout).toContain('Everything has been sent.\nThe class is at 01 Events.')
    expect(status.stderr, 'nothing is shown twice').toBe('')
    expect((await run('class', 'share', 'on')).code).toBe(0)
    await until(
      () => served.hub.overview().participants[0]?.sharesCode,
      (shares) => shares === true,
    )
    // On another machine of the same person, sharing was stopped.
    const member = readMembership(path.join(home, '.eventlings'))
    await served.hub.setShare(member?.learner ?? '', false)
    expect((await run('class', 'status')).stdout).toContain("Your code isn't shown.")
    await served.hub.execute({ do: 'remove', participant: member?.learner ?? '' })
    await until(
      () => served.hub.overview().participants.length,
      (count) => count === 0,
    )
    expect((await run('class', 'status')).stdout).toBe(
      `You aren't in "Tuesday" at ${served.origin} anymore. You left this class or were removed from it. Join it again with the join code.\n`,
    )
    await served.hub.execute({ do: 'restore', participant: member?.learner ?? '' })
    expect((await run('class', 'leave')).stderr).toMatch(/--yes/)
    expect((await run('class', 'leave', '--yes')).stdout).toMatch(/it has deleted everything about you/)
    expect(readdirSync(path.join(home, '.eventlings')).filter((name) => name.startsWith('class'))).toEqual([])
  })

  test('nothing waits for a hub that accepts connections and never answers', async () => {
    const served = await serve(await embedded())
    const { home } = await learnerOf(served)
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const file = path.join(home, '.eventlings', 'class.json')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await writeFile(file, readFileSync(file, 'utf8').replace(served.origin, `http://127.0.0.1:${port}`))
    const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' }
    const began = performance.now()
    expect((await runProgram(['skip', '02'], { env })).code).toBe(0)
    // The sender's own time limit is five seconds; the command doesn't depend on it.
    expect(performance.now() - began).toBeLessThan(5_000)
    await served.stop()
  })
})

need('redis-server').describe('the hub as a process', () => {
  const opened = async (home: string, words: readonly string[]) => {
    const child = startProgram(['class', ...words, '--no-open'], {
      env: { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'binary', BROWSER: 'none' },
    })
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
    })
    await until(
      () => said,
      (text) => text.includes('Ctrl-C'),
    )
    const [, address = '', code = ''] = /join (\S+) --code (\S+)/.exec(said) ?? []
    const { secret } = findClass(path.join(home, '.eventlings'))
    expect(said).not.toContain(secret)
    return { child, said, address, code, secret }
  }

  test('killed again and again while learners send: nothing acknowledged is lost', async () => {
    const home = await newHome()
    let hub = await opened(home, ['open', '--name', 'Storm'])
    const classInfo = { ...newClassInfo(), joinCode: hub.code }
    const learners = await Promise.all(
      ['Ada', 'Bob', 'Eve'].map((name) => learnerOf({ origin: hub.address, classInfo } as Served, name)),
    )
    for (let round = 0; round < 3; round += 1) {
      const work = Promise.all(
        learners.map(async ({ folder, progress }) => {
          for (let n = 0; n < 10; n += 1) {
            await fail(progress, 3)
            await sendPending({ folder, progress, timeoutMs }).catch(() => {})
          }
        }),
      )
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 150))
      const gone = ended(hub.child)
      hub.child.kill('SIGKILL')
      await Promise.all([gone, work])
      const acknowledged = new Map(
        learners.map(({ folder }) => [readMembership(folder)?.learner, readSent(folder).n]),
      )
      hub = await opened(home, ['resume'])
      for await (const part of readExport(hub.address, hub.secret)) {
        if (part.kind !== 'participant') continue
        // The header and the opened lesson aren't attempts.
        const { row, attempts } = part
        expect(attempts.length, row.label).toBeGreaterThanOrEqual((acknowledged.get(row.id) ?? 0) - 2)
      }
    }
    for (const { folder, progress } of learners) await sendPending({ folder, progress, timeoutMs })
    const { body } = await until(
      () => call<Overview>({ origin: hub.address }, paths.overview, { token: hub.secret }),
      ({ body: { participants } }) =>
        participants.every(({ lessons }) => lessons['01-events']?.attempts === 90),
    )
    expect(body.participants.map(({ label }) => label).sort()).toEqual(['Ada', 'Bob', 'Eve'])
    const second = await runProgram(['class', 'resume'], { env: { EVENTLINGS_HOME: home } })
    expect(second).toMatchObject({ code: 2, stdout: '' })
    expect(second.stderr).toMatch(/^"Storm" is already open, on port/)
  })

  test('is closed and exported from another terminal, even once it is gone', async () => {
    const home = await newHome()
    const hub = await opened(home, ['open', '--name', 'Tuesday', '--track', 'ninety-minutes'])
    expect(hub.said).not.toContain('?')
    const classInfo = { ...newClassInfo(), joinCode: hub.code }
    const { folder, progress } = await learnerOf({ origin: hub.address, classInfo } as Served)
    await fail(progress, 2)
    await sendPending({ folder, progress, timeoutMs })
    const file = path.join(home, 'class.csv')
    const run = (...args: readonly string[]) =>
      runProgram(['class', ...args], { env: { EVENTLINGS_HOME: home } })
    expect((await run('status')).stdout).toMatch(
      /^Your class "Tuesday" is open: 1 learner\.\n[\s\S]*--code \w{6} --as NAME\n/,
    )
    expect((await run('export', file)).stdout).toBe(`"Tuesday": 1 learner, 2 attempts, in ${file}.\n`)
    expect((await run('export', file)).stderr).toMatch(/already exists/)
    expect((await run('export', path.join(home, 'class.xml'))).stderr).toMatch(/extension/)
    expect((await run('close')).stdout).toMatch(/^"Tuesday" is closed/)
    await expect(sendPending({ folder, progress, timeoutMs })).resolves.toMatchObject({ closed: true })
    await fail(progress, 1)
    writeFileSync(path.join(folder, 'class-view.json'), '{}')
    await expect(sendPending({ folder, progress, timeoutMs })).rejects.toThrow('The class is closed.')
    expect(readView(folder)?.closed, 'a learner is told even if something waits').toBe(true)
    const gone = ended(hub.child)
    hub.child.kill('SIGINT')
    await gone
    const again = await run('export', path.join(home, 'class.json'))
    expect(again).toMatchObject({ code: 0, stderr: '' })
    const exported = JSON.parse(readFileSync(path.join(home, 'class.json'), 'utf8'))
    expect(exported.class.closedAt).toBeDefined()
    expect(exported.participants[0].attempts).toHaveLength(2)
  })

  test('never takes a Redis that checks empty', async () => {
    const server = await startOwnServer()
    onTestFinished(() => server.stop())
    const redis = await connectRedis(server.url)
    onTestFinished(() => redis.disconnect())
    const home = await newHome()
    const env = { EVENTLINGS_HOME: home }
    await runProgram(['check', '01', '--solution', '--redis', server.url], { env })
    const opening = await runProgram(['class', 'open', '--redis', server.url], { env })
    expect(opening).toMatchObject({ code: 2, stdout: '' })
    expect(opening.stderr).toMatch(/is a sandbox, and every check empties it/)
    expect(existsSync(path.join(home, '.eventlings', 'classes'))).toBe(false)
  })
})
