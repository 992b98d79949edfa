import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  type OwnServer,
  pagingFault,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { DurabilitySettings } from '#lesson/24-durability'
import {
  appendReplicated,
  BackupError,
  backup,
  checkDurability,
  countLost,
  judgeDurability,
  NotReplicatedError,
  restore,
  writeAcknowledged,
} from '#lesson/24-durability'

const box = useSandbox()
/** Waiting for a disk that is busy elsewhere is no fault of the answer. */
const PATIENT = { seconds: 30 }
const KEY = 'stream:events'
const EVERY_SECOND = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec']
const ALWAYS = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']

const eventOf = (number: number, payload: { readonly [field: string]: string } = {}) => ({
  eventId: `e-${number}`,
  timestamp: '2026-03-01T09:00:00.000Z',
  eventType: 'ORDER_CREATED',
  entityId: 'order-1',
  payload,
  metadata: {},
})

function* eventsFrom(first: number, last: number, at: (number: number) => void = () => {}) {
  for (let number = first; number <= last; number += 1) {
    at(number)
    yield eventOf(number, { text: 'x'.repeat(200) })
  }
}

/** The eventIds in a stream of a server, in their order. */
async function idsIn({ admin }: Pick<OwnServer, 'admin'>): Promise<readonly string[]> {
  const entries = await admin.xrange(KEY, '-', '+')
  return entries.map(([, fields]) => (JSON.parse(fields[1] ?? '{}') as { eventId?: string }).eventId ?? '')
}

describe('judgeDurability and countLost', () => {
  const SAFE: DurabilitySettings = {
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    maxmemoryPolicy: 'noeviction',
  }
  const CASES: readonly (readonly [
    change: Partial<DurabilitySettings>,
    risks: readonly string[],
    why: string,
  ])[] = [
    [
      {},
      [],
      'With appendonly yes, appendfsync always and noeviction there is nothing to name: judgeDurability should return an empty array. Snapshots are no help for that, and no risk either.',
    ],
    [
      { appendonly: 'no' },
      ['crash-loses-all'],
      'Without an append-only file and without snapshots (save is an empty text) a crash loses everything. What appendfsync says does not matter then: there is no file to sync.',
    ],
    [
      { appendonly: 'no', save: '3600 1 300 100 60 10000' },
      ['crash-loses-since-snapshot'],
      'With snapshots alone a crash loses all since the last one. That is less than everything and more than an event store may lose.',
    ],
    [
      { appendfsync: 'everysec' },
      ['power-loses-a-second'],
      'everysec survives the crash of the server, because the system has the data by then. Only a loss of power can take the last second.',
    ],
    [
      { appendfsync: 'everysec', save: '3600 1' },
      ['power-loses-a-second'],
      'Snapshots beside an append-only file change nothing: Redis loads the file.',
    ],
    [
      { appendfsync: 'no' },
      ['power-loses-more'],
      'With appendfsync no the system writes to the disk when it likes, often after half a minute: a loss of power takes more than a second.',
    ],
    [
      { appendonly: 'no', appendfsync: 'everysec', maxmemoryPolicy: 'allkeys-lru' },
      ['crash-loses-all', 'memory-evicts'],
      'Two risks here, in the order of the type Risk: no persistence, and a policy that throws events away when memory is short. Without an append-only file appendfsync plays no part.',
    ],
    [
      { maxmemoryPolicy: 'volatile-ttl' },
      ['memory-evicts'],
      'Every policy but noeviction lets Redis delete data by itself, the volatile ones as well: one EXPIRE by mistake is enough.',
    ],
  ]

  for (const [change, risks, why] of CASES) {
    const settings = { ...SAFE, ...change }
    test(`judges ${JSON.stringify(change)}`, async () => {
      verifyEqual(await call('judgeDurability', () => judgeDurability(settings)), risks, why)
    })
  }

  test('counts what is lost and what came without being promised', async () => {
    verifyEqual(
      await call('countLost', () => countLost(['e-1', 'e-2', 'e-3'], ['e-1', 'e-3', 'e-4'])),
      { lost: ['e-2'], unacknowledged: ['e-4'], twice: [] },
      'Acknowledged were e-1, e-2 and e-3, and found e-1, e-3 and e-4. So e-2 is lost, and e-4 is unacknowledged: it was written, but its reply never arrived.',
    )
  })

  test('compares ids and not numbers of them', async () => {
    verifyEqual(
      await call('countLost', () => countLost(['e-1', 'e-2'], ['e-8', 'e-9'])),
      { lost: ['e-1', 'e-2'], unacknowledged: ['e-8', 'e-9'], twice: [] },
      'As many were found as were acknowledged, and yet all are lost: the ids are others. Compare ids, never totals.',
    )
  })

  test('names what is there more than once', async () => {
    const found = ['e-2', 'e-1', 'e-2', 'e-2', 'e-7', 'e-7']
    const { lost, unacknowledged, twice } = await call('countLost', () => countLost(['e-1', 'e-2'], found))
    verifyEqual(
      { lost, unacknowledged, twice: [...(twice ?? [])].sort() },
      { lost: [], unacknowledged: ['e-7'], twice: ['e-2', 'e-7'] },
      'e-2 was found three times and e-7 twice. Each belongs into `twice` once, and e-7 into `unacknowledged` once.',
    )
  })

  test('names each once and in its order', async () => {
    const promised = ['e-3', 'e-1', 'e-3', 'e-2']
    const found = ['e-9', 'e-2', 'e-8', 'e-8', 'e-2', 'e-9']
    const loss = await call('countLost', () => countLost(promised, found))
    verifyEqual(
      loss?.lost,
      ['e-3', 'e-1'],
      'A writer noted e-3, e-1, e-3, e-2, and only e-2 was found. `lost` should hold e-3 and e-1, in the order of `acknowledged`, and each once: one event is lost, however often it was noted.',
    )
    verifyEqual(
      loss?.unacknowledged,
      ['e-9', 'e-8'],
      'Found were e-9, e-2, e-8, e-8, e-2, e-9, of which e-2 was promised. `unacknowledged` should hold e-9 and e-8, each once, in the order in which `found` first shows them: then the list can be laid beside the stream.',
    )
  })
})

describe.skipIf(lacks('own-server'))('checkDurability and writeAcknowledged', () => {
  test('reads the settings of the server', async () => {
    const server = await box.startServer({ args: ['--save', '', '--appendonly', 'no'] })
    const redis = server.connect()
    const check = () => call('checkDurability', () => checkDurability(redis))
    verifyEqual(
      await check(),
      ['crash-loses-all'],
      'This server runs with `--save "" --appendonly no`. checkDurability should ask for its settings with CONFIG GET and say that a crash loses all.',
    )
    await server.admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await server.admin.config('SET', 'save', '3600 1')
    verifyEqual(
      await check(),
      ['crash-loses-since-snapshot', 'memory-evicts'],
      'Somebody has changed `save` and `maxmemory-policy` of the running server. checkDurability should ask anew each time, and for these two as well.',
    )
    await server.admin.config('SET', 'appendonly', 'yes')
    await server.admin.config('SET', 'appendfsync', 'everysec')
    verifyEqual(
      await check(),
      ['power-loses-a-second', 'memory-evicts'],
      'The server has an append-only file now, synced every second. checkDurability should see `appendonly` and `appendfsync`.',
    )
  })

  test('writes all events, in order', async () => {
    const server = await box.startServer({ args: EVERY_SECOND })
    const report = await call(
      'writeAcknowledged',
      () => writeAcknowledged(server.connect(), KEY, [eventOf(1), eventOf(2)]),
      PATIENT,
    )
    verifyEqual(
      (await server.admin.xrange(KEY, '-', '+')).map(([, fields]) => fields),
      [
        [
          'event',
          '{"eventId":"e-1","timestamp":"2026-03-01T09:00:00.000Z","eventType":"ORDER_CREATED","entityId":"order-1","payload":{},"metadata":{}}',
        ],
        [
          'event',
          '{"eventId":"e-2","timestamp":"2026-03-01T09:00:00.000Z","eventType":"ORDER_CREATED","entityId":"order-1","payload":{},"metadata":{}}',
        ],
      ],
      'writeAcknowledged should append each event as one entry with one field, `event`, that holds what encodeEvent makes of it.',
    )
    verifyEqual(
      report,
      { acknowledged: ['e-1', 'e-2'], refused: null, unknown: null },
      'Both events were written and confirmed: both ids belong into `acknowledged`, and nothing is refused or unknown.',
    )
  })

  test('takes one event after the other', async () => {
    const server = await box.startServer({ args: EVERY_SECOND })
    const redis = server.connect()
    const tooEarly: string[] = []
    const events = eventsFrom(1, 5, (number) => {
      const confirmed = box.commands.filter(({ pending, error }) => !pending && error === undefined).length
      if (confirmed < number - 1) tooEarly.push(`e-${number}`)
    })
    await call('writeAcknowledged', () => writeAcknowledged(redis, KEY, events), PATIENT)
    verifyEqual(
      tooEarly,
      [],
      'writeAcknowledged took these events out of `events` before the one before them was confirmed. Who takes all at once, or writes them side by side, has many on the way when the server dies, and `events` may have no end. Take one, write it, wait for the reply, take the next.',
    )
  })

  test('leaves the error of encodeEvent alone', async () => {
    const server = await box.startServer({ args: EVERY_SECOND })
    const broken = { ...eventOf(2), payload: { total: Number.NaN } }
    const outcome = await attempt(
      'writeAcknowledged',
      () => writeAcknowledged(server.connect(), KEY, [eventOf(1), broken, eventOf(3)]),
      PATIENT,
    )
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'MalformedEventError',
      'The payload of the second event holds NaN, and encodeEvent throws a MalformedEventError for it. That error should pass through: Redis was never asked, so the event is neither refused nor unknown. It is a fault of the program, and has to be seen.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  /** The learner's writer is at work, and the server is killed at its 200th event. */
  async function killInMidWrite(args: readonly string[]) {
    const server = await box.startServer({ args })
    let handedOut = 0
    let killed: Promise<void> | undefined
    const events = eventsFrom(1, 50_000, (number) => {
      handedOut = number
      if (number === 200) killed = server.crash()
    })
    const report = await call(
      'writeAcknowledged',
      () => writeAcknowledged(server.connect(), KEY, events),
      PATIENT,
    )
    await killed
    const text = `"eventId":"${report?.unknown}"`
    const sent = box.commands.filter(
      ({ args, error }) => args.some((arg) => arg.includes(text)) && !/^NOSCRIPT/.test(error?.message ?? ''),
    )
    verify(
      sent.length <= 1,
      `The server died, ${report?.unknown} got no answer, and writeAcknowledged sent it again. It may be written already, and would be there twice. ioredis tries some times by itself; when that has failed, the event is \`unknown\`, and that is the end.`,
      { received: sent.map(({ name }) => name) },
    )
    await server.restart()
    return { report, handedOut, found: await idsIn(server) }
  }

  test('tells the truth about a server that is killed in mid-write', async () => {
    const { report, handedOut, found } = await killInMidWrite(EVERY_SECOND)
    const { acknowledged, refused, unknown } = report
    verify(
      acknowledged.length >= 199 && unknown !== null,
      'The server was killed (SIGKILL) while event after event was written. writeAcknowledged should return then: in `acknowledged` what was confirmed until the kill, and in `unknown` the one event that got no answer.',
      { received: { acknowledged: acknowledged.length, refused, unknown } },
    )
    const lost = acknowledged.filter((id) => !found.includes(id))
    verifyEqual(
      lost,
      [],
      'After SIGKILL and a restart, with `appendonly yes`, some events were gone that writeAcknowledged had reported as acknowledged. The server never loses those: they were put down as acknowledged before Redis had confirmed them.',
    )
    verifyEqual(
      { acknowledged: acknowledged.length, unknown, refused },
      { acknowledged: handedOut - 1, unknown: `e-${handedOut}`, refused: null },
      'All events but the last one that was taken from `events` had been confirmed. That last one got no answer: it is `unknown`, not `refused`, for it may have been written. And after it, no more may be taken.',
    )
  })

  test('loses everything when nothing is persisted, and says nothing else', async () => {
    const { report, found } = await killInMidWrite(['--save', '', '--appendonly', 'no'])
    const { acknowledged } = report
    const loss = await call('countLost', () => countLost(acknowledged, found))
    verify(
      acknowledged.length >= 199 && loss.lost.length === acknowledged.length && found.length === 0,
      'This server kept nothing on disk, and was killed. All that writeAcknowledged reported as acknowledged is lost, and countLost should say so.',
      { received: { acknowledged: acknowledged.length, found: found.length, lost: loss.lost.length } },
    )
  })

  test('knows a refusal from silence', async () => {
    const server = await box.startServer({ args: EVERY_SECOND })
    const used = /used_memory:(\d+)/.exec(await server.admin.info('memory'))?.[1]
    await server.admin.config('SET', 'maxmemory', String(Number(used) + 150_000))
    let handedOut = 0
    const report = await call(
      'writeAcknowledged',
      () =>
        writeAcknowledged(
          server.connect(),
          KEY,
          eventsFrom(1, 20_000, (number) => {
            handedOut = number
          }),
        ),
      PATIENT,
    )
    await server.admin.config('SET', 'maxmemory', '0')
    const found = await idsIn(server)
    verify(
      report?.refused === null || handedOut <= found.length + 1,
      `Memory ran out, Redis refused e-${found.length + 1}, and writeAcknowledged went on to the next events. The writing ends at the first refusal: else later events may be written and that one not, and the stream has a hole.`,
      { expected: `e-${found.length + 1} is the last one taken`, received: `e-${handedOut}` },
    )
    verifyEqual(
      [report.refused, report.unknown],
      [`e-${found.length + 1}`, null],
      'Memory ran out, and with `noeviction` Redis answered XADD with an error (OOM …). That is an answer: the event is certainly not written. It belongs into `refused`; `unknown` is for events without any answer.',
    )
    verifyEqual(
      report.acknowledged.length,
      found.length,
      'With `noeviction` every event that was confirmed before memory ran out is still there, and no other: writeAcknowledged should report exactly those.',
    )
  })

  test('shows what a loss of power can take (a simulation)', async () => {
    const server = await box.startServer({ args: ALWAYS })
    const redis = server.connect()
    const write = (first: number, last: number) =>
      call('writeAcknowledged', () => writeAcknowledged(redis, KEY, eventsFrom(first, last)), PATIENT)
    const synced = await write(1, 20)
    const file = await appendOnlyFile(server.folder)
    const { size } = await stat(join(server.folder, file)) // with `always`, all of it is on the disk
    await server.admin.config('SET', 'appendfsync', 'everysec')
    const later = await write(21, 30)
    const copy = await mkdtemp(join(tmpdir(), 'eventlings-power-'))
    try {
      await cp(server.folder, copy, { recursive: true })
      await truncate(join(copy, file), size)
      const found = await idsIn(await box.startServer({ args: ALWAYS, folder: copy }))
      const loss = await call('countLost', () =>
        countLost([...synced.acknowledged, ...later.acknowledged], found),
      )
      verifyEqual(
        loss,
        {
          lost: ['e-21', 'e-22', 'e-23', 'e-24', 'e-25', 'e-26', 'e-27', 'e-28', 'e-29', 'e-30'],
          unacknowledged: [],
          twice: [],
        },
        'Twenty events were written with `always` and ten more with `everysec`, and then the append-only file was cut where it had been synced last. The ten are lost although they were acknowledged: countLost should name them.',
      )
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
  })

  /** In several parts since Redis 7, one file before. */
  async function appendOnlyFile(folder: string): Promise<string> {
    const names = await readdir(folder, { recursive: true })
    return names.find((name) => name.endsWith('.incr.aof')) ?? 'appendonly.aof'
  }
})

describe.skipIf(lacks('own-server'))('appendReplicated', () => {
  const NONE = ['--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0']
  const one = { replicas: 1, timeoutMs: 50 }

  async function replicated(append: () => Promise<string>, why: string): Promise<string> {
    const outcome = await attempt('appendReplicated', append)
    verify(
      outcome.ok || !(outcome.error instanceof NotReplicatedError),
      `appendReplicated threw a NotReplicatedError although enough replicas had the event. ${why}`,
      { received: !outcome.ok && outcome.error },
    )
    return call('appendReplicated', () => {
      if (!outcome.ok) throw outcome.error
      return outcome.value
    })
  }

  test('says so when there is no replica, and the event is written all the same', async () => {
    const server = await box.startServer({ args: NONE })
    const redis = server.connect()
    const error = await callError(
      'appendReplicated',
      () => appendReplicated(redis, KEY, eventOf(1), one),
      NotReplicatedError,
      'There is no replica, so one replica cannot have got the event. WAIT does not fail then, it answers 0: appendReplicated should look at that number and throw a NotReplicatedError.',
    )
    const entries = await server.admin.xrange(KEY, '-', '+')
    verifyEqual(
      entries.map(([, fields]) => fields),
      [
        [
          'event',
          '{"eventId":"e-1","timestamp":"2026-03-01T09:00:00.000Z","eventType":"ORDER_CREATED","entityId":"order-1","payload":{},"metadata":{}}',
        ],
      ],
      'WAIT takes nothing back. The event is written, once, and stays written; whoever catches the error must know that.',
    )
    verifyEqual(
      { id: error.id, wanted: error.wanted, reached: error.reached },
      { id: entries[0]?.[0], wanted: 1, reached: 0 },
      'The NotReplicatedError should carry the id of the entry that was written, how many replicas were wanted, and how many it reached.',
    )
    const id = await replicated(
      () => appendReplicated(redis, KEY, eventOf(2), { replicas: 0, timeoutMs: 50 }),
      'With `replicas: 0` any number of replicas is enough, also 0.',
    )
    verifyEqual(
      id,
      (await server.admin.xrevrange(KEY, '+', '-', 'COUNT', 1))[0]?.[0],
      'With `replicas: 0` nothing needs to be waited for: appendReplicated should resolve to the id of the new entry.',
    )
  })

  test('waits for a replica, and notices one that no longer answers', async () => {
    const server = await box.startServer({ args: NONE })
    const port = new URL(server.url).port
    const replica = await box.startServer({ args: [...NONE, '--replicaof', '127.0.0.1', port] })
    while (!(await replica.admin.info('replication')).includes('master_link_status:up'))
      await replica.admin.ping()
    await server.admin.set('a', '1')
    await server.admin.wait(1, 0)
    const redis = server.connect()
    const id = await replicated(
      () => appendReplicated(redis, KEY, eventOf(1), { replicas: 1, timeoutMs: 5_000 }),
      'The one replica is connected and takes every change within milliseconds. `WAIT` counts what was written before it on its own connection: sent before the XADD it knows nothing of it, and inside MULTI it does not wait at all.',
    )
    verifyEqual(
      (await replica.admin.xrange(KEY, '-', '+')).map(([there]) => there),
      [id],
      'A replica is connected, and appendReplicated resolved, but the event was not on the replica yet. It should wait until the replica has confirmed it.',
    )
    while (!(await allConfirmed(server))) await replica.admin.ping()
    await replica.pause()
    const error = await callError(
      'appendReplicated',
      () => appendReplicated(redis, KEY, eventOf(2), one),
      NotReplicatedError,
      'The replica is still connected but answers nothing any more. appendReplicated said that it has the event. WAIT counts the replicas that have what _its own connection_ wrote before: send it on the connection of the XADD, after it.',
    )
    verifyEqual(
      { wanted: error.wanted, reached: error.reached },
      { wanted: 1, reached: 0 },
      'The only replica answers nothing any more, so the event reached 0 of the 1 wanted.',
    )
  })
})

/** The only replica has told that it has all; it does so by itself every second. */
async function allConfirmed({ admin }: OwnServer): Promise<boolean> {
  const info = await admin.info('replication')
  const confirmed = /^slave0:.*offset=(\d+)/m.exec(info)?.[1]
  return confirmed === /^master_repl_offset:(\d+)/m.exec(info)?.[1]
}

describe('backup and restore', () => {
  const COPY = 'stream:copy'
  const save = (key = KEY) =>
    call('backup', async () => {
      const lines: string[] = []
      for await (const line of backup(box.redis, key)) lines.push(line)
      return lines
    })
  async function* each(lines: readonly string[]) {
    yield* lines
  }
  const bring = (lines: readonly string[], key = COPY) =>
    call('restore', () => restore(box.connect(), key, each(lines)))
  const lastId = async (key: string) => {
    const info = (await box.admin.xinfo('STREAM', key)) as unknown[]
    return info[info.indexOf('last-generated-id') + 1]
  }

  async function plant() {
    await box.admin.xadd(KEY, '1-0', 'event', 'one')
    await box.admin.xadd(KEY, '2-0', 'event', 'two\nlines, "quotes" and ünïcode', 'note', '')
    await box.admin.xadd(KEY, '7-3', 'event', 'seven')
  }

  test('brings back the same entries with the same ids', async () => {
    await plant()
    const lines = await save()
    verify(
      lines.every((line) => typeof line === 'string' && !line.includes('\n')),
      'A line of a backup is a text without a line break in it, whatever the events hold: otherwise it cannot be told where a line ends.',
      { received: lines },
    )
    const count = await bring(lines)
    verifyEqual(
      await box.admin.xrange(COPY, '-', '+'),
      [
        ['1-0', ['event', 'one']],
        ['2-0', ['event', 'two\nlines, "quotes" and ünïcode', 'note', '']],
        ['7-3', ['event', 'seven']],
      ],
      'The restored stream should hold the same entries, with the same ids and the same fields. Ids are versions and positions: other programs have written them down.',
    )
    verifyEqual(count, 3, 'restore should resolve to the number of entries that it brought back.')
    verifyEqual(
      await box.admin.xrange(KEY, '-', '+', 'COUNT', 1),
      [['1-0', ['event', 'one']]],
      'backup only reads: the stream itself should stay as it was.',
    )
  })

  test('brings back the last id, even of an entry that is gone', async () => {
    await plant()
    await box.admin.xdel(KEY, '7-3')
    await bring(await save())
    verifyEqual(
      await lastId(COPY),
      '7-3',
      'The entry 7-3 had been deleted, but its stream will never give that id again. The restored stream forgot: its last-generated-id should be the same, or ids (and with them versions) are given twice. XINFO STREAM tells it, XSETID sets it.',
    )
  })

  test('brings back a stream whose entries are all trimmed', async () => {
    await plant()
    await box.admin.xtrim(KEY, 'MAXLEN', 0)
    const count = await bring(await save())
    verifyEqual(
      [count, await box.admin.exists(COPY), await box.admin.xlen(COPY), await lastId(COPY).catch(() => null)],
      [0, 1, 0, '7-3'],
      'A stream whose entries have all been trimmed is still there, and its last id counts. restore should make an empty stream with that last id.',
    )
  })

  test('has no lines for a stream that is not there', async () => {
    verifyEqual(
      await save('stream:none'),
      [],
      'There is no such stream, so its backup should have no lines at all. With lines for it, a misspelt name would look like a good backup.',
    )
  })

  test('reads a long stream in pages', async () => {
    await plantLongStream(box.admin, KEY, { page: 500, fields: (n) => ({ event: `number ${n}` }) })
    const lines = await save()
    const longest = largestReply(box.commands)
    verify(
      longest <= 501,
      `One command fetched ${longest} entries at once. A log may be larger than memory: backup should read pages of at most 500.`,
    )
    const outcome = await attempt('restore', () => restore(box.connect(), COPY, each(lines)), PATIENT)
    verify(
      outcome.ok || !String(outcome.error).includes('equal or smaller'),
      'restore was given an entry a second time, and Redis refused it. backup seems to begin a page with the last entry of the one before: start behind it, at `(<id of the last entry>`.',
      { received: !outcome.ok && outcome.error },
    )
    const restored = await call('restore', () => {
      if (!outcome.ok) throw outcome.error
      return outcome.value
    })
    verifyEqual(
      restored,
      1_010,
      `A stream of 1,010 entries, all from one millisecond (7-1 to 7-1010), should come back with 1,010 entries.${pagingFault(box.commands)}`,
    )
    const ids = (await box.admin.xrange(COPY, '-', '+')).map(([id]) => id)
    verifyEqual(
      [ids.length, new Set(ids).size, ids[500], ids.at(-1)],
      [1_010, 1_010, '7-501', '7-1010'],
      `Every one of the 1,010 entries should come back once, across the borders of pages.${pagingFault(box.commands)}`,
    )
  })

  test('ends while others write', async () => {
    await plant()
    let written = 0
    const lines = await call('backup', async () => {
      const taken: string[] = []
      for await (const line of backup(box.redis, KEY)) {
        taken.push(line)
        written += 1
        if (written > 700) break
        for (let i = 0; i < 3; i += 1) await box.admin.xadd(KEY, '*', 'event', 'meanwhile')
      }
      return taken
    })
    verify(
      written <= 700,
      'Others wrote while backup read, and it followed them without end. A backup is of the stream as it was when it began.',
    )
    await bring(lines)
    const there = await box.admin.xrange(COPY, '-', '+')
    verify(
      there.length >= 3 && (await lastId(COPY)) === (there.at(-1) ?? ['7-3'])[0],
      'Others wrote while backup read. What was restored should be a beginning of the stream, with the id of its last entry as its last id: an id taken later leaves a gap that looks like deleted events.',
      { received: { entries: there.length, last: there.at(-1)?.[0], lastGeneratedId: await lastId(COPY) } },
    )
  })

  test('is of one moment', async () => {
    await everyInterleaving({
      name: 'backup',
      prepare: plant,
      first: async (redis) => {
        const lines: string[] = []
        for await (const line of backup(redis, KEY)) lines.push(line)
        return lines
      },
      second: (redis) => redis.xadd(KEY, '8-0', 'event', 'meanwhile'),
      async verify({ first, held }) {
        if (!first.ok) throw first.error
        const when = `8-0 was written while backup was before its ${held ?? 'end'}`
        const outcome = await attempt('restore', () => restore(box.connect(), COPY, each(first.value)))
        verify(
          outcome.ok,
          `${when}, and what backup gave out could not be restored: its entries, their number and the last id are not of one moment. Ask for the last id first, and read up to it, not to \`+\`.`,
          { received: !outcome.ok && outcome.error },
        )
        const newest = (await box.admin.xrevrange(COPY, '+', '-', 'COUNT', 1))[0]?.[0]
        verifyEqual(
          await lastId(COPY),
          newest,
          `${when}. The last entry of the restored stream and its last id should belong together, both from before 8-0 or both with it: a last id without its entry looks like a deleted event, and an entry behind the last id cannot be. Ask for the last id first, and read up to it.`,
        )
      },
    })
  })

  test('refuses a key that is in use', async () => {
    await plant()
    const lines = await save()
    await box.admin.xadd(COPY, '9-0', 'event', 'theirs')
    const error = await callError(
      'restore',
      () => restore(box.redis, COPY, each(lines)),
      BackupError,
      'There is a stream at this key already. restore should throw a BackupError: whoever restores in a hurry must not overwrite what is alive, or mix the two.',
    )
    verifyEqual(error.reason, 'exists', 'The BackupError should say by its `reason` that the key exists.')
    verifyEqual(
      await box.admin.xrange(COPY, '-', '+'),
      [['9-0', ['event', 'theirs']]],
      'restore refused, but it had changed the stream that was there. It should leave it exactly as it was.',
    )
  })

  test('refuses a backup that is cut off or has a hole', async () => {
    await plant()
    const lines = await save()
    const last = lines.at(-1) ?? ''
    const damaged = [
      [...lines.slice(0, -1), last.slice(0, Math.floor(last.length / 2))],
      ...lines.map((_, hole) => lines.filter((_, index) => index !== hole)),
      [],
    ]
    for (const some of damaged) {
      const error = await callError(
        'restore',
        () => restore(box.redis, COPY, each(some)),
        BackupError,
        'This backup lacks a line, or half of its last one, as when the disk was full or the copy was broken off. restore should notice and throw a BackupError, not bring back a shorter history that looks whole.',
      )
      verifyEqual(error.reason, 'incomplete', 'The BackupError should have the reason `incomplete`.')
      verifyEqual(
        await box.admin.exists(COPY),
        0,
        'The backup was incomplete, and restore said so, but left a part of the stream at the key. Nothing should be there.',
      )
    }
    verifyEqual(
      await bring(lines),
      3,
      'After attempts with damaged backups, the whole one should still be restored: what an attempt leaves behind must not be in the way.',
    )
  })

  test('restores all or nothing', async () => {
    let lines: readonly string[] = []
    await plant()
    lines = await save()
    await everyCrash({
      name: 'restore',
      run: (redis) => restore(redis, COPY, each(lines)),
      async verify({ sent, last }) {
        const length = (await box.admin.exists(COPY)) === 1 ? await box.admin.xlen(COPY) : 'no stream'
        verify(
          length === 3 || length === 'no stream',
          `The process died after its ${sent}. command (${last}), and a stream with ${length} of 3 entries was left at the key. Readers take that for the whole. Let it grow under another name, and rename it (RENAMENX) when it is complete; or write it in one step.`,
        )
        if (length === 3) {
          verifyEqual(
            await lastId(COPY),
            '7-3',
            'The process died, and the stream at the key had all entries but not yet its last id. It should appear with both at once.',
          )
          return
        }
        verifyEqual(
          await bring(lines),
          3,
          `The process died after its ${sent}. command (${last}), and the next attempt to restore failed. What the dead one left behind must not be in the way.`,
        )
      },
    })
  })

  test('overwrites nothing that came meanwhile', async () => {
    await plant()
    const lines = await save()
    await everyInterleaving({
      name: 'restore',
      first: (redis) => restore(redis, COPY, each(lines)),
      second: (redis) => redis.xadd(COPY, '9-0', 'event', 'theirs'),
      async verify({ first, held }) {
        const there = (await box.admin.xrange(COPY, '-', '+')).map(([id]) => id)
        verifyEqual(
          there,
          first.ok ? ['1-0', '2-0', '7-3', '9-0'] : ['9-0'],
          `Somebody began a stream at the key, with 9-0, while restore was before its ${held ?? 'end'}, and restore did not leave it alone. Whether a key is free can change after you have looked: take the place and check it in one step (RENAMENX, a script, or WATCH on a connection of its own).`,
        )
      },
    })
  })
})
