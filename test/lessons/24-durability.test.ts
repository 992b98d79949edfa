import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  code,
  everyCrash,
  everyInterleaving,
  everyRefusal,
  lacks,
  largestReply,
  type OwnServer,
  pagingFault,
  passesOnErrors,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
  words,
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
/** A disk that is busy with something else isn't the answer's fault, so it gets more time. */
const PATIENT = { seconds: 30 }
const KEY = 'stream:events'
const EVERY_SECOND = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec']
/** In the file before the reply, however slow the disk: with `everysec`, Redis delays its writes while an fsync is running. */
const WRITTEN_FIRST = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no']
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

const PERMISSION = 'Only that error shows the operator which permission is missing.'

/** The event IDs in the server's stream, in order. */
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
      "With `appendonly yes`, `appendfsync always`, and `noeviction`, none of the risks applies, so `judgeDurability` should return an empty array. Snapshots don't matter here, whether they are on or off.",
    ],
    [
      { appendonly: 'no' },
      ['crash-loses-all'],
      "Without an append-only file and without snapshots (`save` is an empty string), a crash loses everything. `appendfsync` doesn't matter then, because there's no file to sync.",
    ],
    [
      { appendonly: 'no', save: '3600 1 300 100 60 10000' },
      ['crash-loses-since-snapshot'],
      "With only snapshots, a crash loses every change since the last snapshot. That's more than an event store can afford to lose.",
    ],
    [
      { appendfsync: 'everysec' },
      ['power-loses-a-second'],
      'With `everysec`, nothing is lost when the server crashes, because the operating system already has the data. Only a power failure can take the last second.',
    ],
    [
      { appendfsync: 'everysec', save: '3600 1' },
      ['power-loses-a-second'],
      'Snapshots in addition to an append-only file change nothing, because Redis loads the append-only file.',
    ],
    [
      { appendfsync: 'no' },
      ['power-loses-more'],
      'With `appendfsync no`, the operating system decides when to write to disk, often after half a minute. A power failure takes more than the last second.',
    ],
    [
      { appendonly: 'no', appendfsync: 'everysec', maxmemoryPolicy: 'allkeys-lru' },
      ['crash-loses-all', 'memory-evicts'],
      "There are two risks here, in the order of the type `Risk`: no persistence, and a policy that throws events away when memory is short. Without an append-only file, `appendfsync` doesn't matter.",
    ],
    [
      { maxmemoryPolicy: 'volatile-ttl' },
      ['memory-evicts'],
      'Every policy except `noeviction` lets Redis delete data on its own, and that includes the `volatile-…` ones: a single accidental `EXPIRE` is enough.',
    ],
  ]

  for (const [change, risks, why] of CASES) {
    const settings = { ...SAFE, ...change }
    test(`judges ${JSON.stringify(change)}`, async () => {
      verifyEqual(await call('judgeDurability', () => judgeDurability(settings)), risks, why)
    })
  }

  test('lists what is lost and what is there without being promised', async () => {
    verifyEqual(
      await call('countLost', () => countLost(['e-1', 'e-2', 'e-3'], ['e-1', 'e-3', 'e-4'])),
      { lost: ['e-2'], unacknowledged: ['e-4'], twice: [] },
      '`e-1`, `e-2`, and `e-3` were acknowledged; `e-1`, `e-3`, and `e-4` were found. So `e-2` is lost, and `e-4` is unacknowledged: it was written, but its reply never arrived.',
    )
  })

  test('compares the IDs and not how many there are', async () => {
    verifyEqual(
      await call('countLost', () => countLost(['e-1', 'e-2'], ['e-8', 'e-9'])),
      { lost: ['e-1', 'e-2'], unacknowledged: ['e-8', 'e-9'], twice: [] },
      'Two events were acknowledged and two were found, but both acknowledged events are lost, because the IDs are different. Compare IDs, never totals.',
    )
  })

  test('names what is there more than once', async () => {
    const found = ['e-2', 'e-1', 'e-2', 'e-2', 'e-7', 'e-7']
    const { lost, unacknowledged, twice } = await call('countLost', () => countLost(['e-1', 'e-2'], found))
    verifyEqual(
      { lost, unacknowledged, twice: [...(twice ?? [])].sort() },
      { lost: [], unacknowledged: ['e-7'], twice: ['e-2', 'e-7'] },
      '`e-2` was found three times and `e-7` twice. List each of them once in `twice`, and `e-7` once in `unacknowledged`.',
    )
  })

  test('names each ID once and in order', async () => {
    const promised = ['e-3', 'e-1', 'e-3', 'e-2']
    const found = ['e-9', 'e-2', 'e-8', 'e-8', 'e-2', 'e-9']
    const loss = await call('countLost', () => countLost(promised, found))
    verifyEqual(
      loss?.lost,
      ['e-3', 'e-1'],
      '`e-3`, `e-1`, `e-3`, and `e-2` were acknowledged, and only `e-2` was found. `lost` should list `e-3` and `e-1`, once each, in the order of `acknowledged`. An event counts as lost once, no matter how often the writer listed it.',
    )
    verifyEqual(
      loss?.unacknowledged,
      ['e-9', 'e-8'],
      '`e-9`, `e-2`, `e-8`, `e-8`, `e-2`, and `e-9` were found, and only `e-2` was promised. `unacknowledged` should list `e-9` and `e-8`, once each, in the order in which `found` first lists them, so that the list can be compared with the stream.',
    )
    verifyEqual(
      [...(loss?.twice ?? [])].sort(),
      ['e-2', 'e-8', 'e-9'],
      '`e-9`, `e-2`, and `e-8` were found twice, so `twice` should list these three. `e-3` was acknowledged twice but never found: only `found` counts here.',
    )
    verifyEqual(
      [promised, found],
      [
        ['e-3', 'e-1', 'e-3', 'e-2'],
        ['e-9', 'e-2', 'e-8', 'e-8', 'e-2', 'e-9'],
      ],
      '`countLost` changed an array that it received. Both arrays belong to the caller.',
    )
  })

  test('takes any string as an ID', async () => {
    verifyEqual(
      await call('countLost', () => countLost(['constructor'], ['10', '9', '10'])),
      { lost: ['constructor'], unacknowledged: ['10', '9'], twice: ['10'] },
      'The ID `constructor` was promised, and the IDs `10`, `9`, and `10` were found. An object used as a set already has a `constructor`, and it sorts keys that look like numbers. Use a `Set` or a `Map`.',
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
      'This server runs with `--save "" --appendonly no`. `checkDurability` should read its settings with `CONFIG GET` and report that a crash loses everything.',
    )
    await server.admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await server.admin.config('SET', 'save', '3600 1')
    verifyEqual(
      await check(),
      ['crash-loses-since-snapshot', 'memory-evicts'],
      '`save` and `maxmemory-policy` were changed on the running server. `checkDurability` should read the settings again on every call, including these two.',
    )
    await server.admin.config('SET', 'appendonly', 'yes')
    await server.admin.config('SET', 'appendfsync', 'everysec')
    verifyEqual(
      await check(),
      ['power-loses-a-second', 'memory-evicts'],
      'The server now has an append-only file, synced every second. `checkDurability` should read `appendonly` and `appendfsync`, too.',
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
      '`writeAcknowledged` should append each event as one entry with one field, `event`, which holds the string that `encodeEvent` returns.',
    )
    verifyEqual(
      report,
      { acknowledged: ['e-1', 'e-2'], refused: null, unknown: null },
      'Both events were written and confirmed, so both IDs belong in `acknowledged`, and nothing is refused or unknown.',
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
      '`writeAcknowledged` took these events from `events` before the previous one was confirmed. If you take them all first, an endless `events` never gets written; if you write them in parallel, many are unconfirmed when the server dies. Take one, write it, and wait for the reply before you take the next.',
    )
  })

  test('lets an error from encodeEvent pass through', async () => {
    const server = await box.startServer({ args: EVERY_SECOND })
    const broken = { ...eventOf(2), payload: { total: Number.NaN } }
    const outcome = await attempt(
      'writeAcknowledged',
      () => writeAcknowledged(server.connect(), KEY, [eventOf(1), broken, eventOf(3)]),
      PATIENT,
    )
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'MalformedEventError',
      "The payload of the second event contains `NaN`, so `encodeEvent` throws a `MalformedEventError`. That error should pass through: nothing was sent to Redis, so the event is neither refused nor unknown. It's a bug in the program, and someone has to see it.",
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  /** Kills the server when the learner's writer takes its 200th event. */
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
      `The server died, \`${report?.unknown}\` got no reply, and \`writeAcknowledged\` sent it again. The event may already have been written, and then it would be there twice. ioredis retries on its own; once it gives up, report the event as \`unknown\` and stop.`,
      { received: sent.map(({ name }) => name) },
    )
    await server.restart()
    return { report, handedOut, found: await idsIn(server) }
  }

  test('reports the truth about a server that is killed mid-write', async () => {
    const { report, handedOut, found } = await killInMidWrite(WRITTEN_FIRST)
    const { acknowledged, refused, unknown } = report
    verify(
      acknowledged.length >= 199 && unknown !== null,
      'The server was killed (`SIGKILL`) in the middle of writing. `writeAcknowledged` should then resolve, with everything confirmed before the kill in `acknowledged`, and the one event that got no reply in `unknown`.',
      { received: { acknowledged: acknowledged.length, refused, unknown } },
    )
    const lost = acknowledged.filter((id) => !found.includes(id))
    verifyEqual(
      lost,
      [],
      "After `SIGKILL` and a restart, with `appendonly yes`, some events that `writeAcknowledged` had reported as acknowledged were gone. The server doesn't lose events that it confirmed, so these were added to `acknowledged` before Redis had confirmed them.",
    )
    verifyEqual(
      { acknowledged: acknowledged.length, unknown, refused },
      { acknowledged: handedOut - 1, unknown: `e-${handedOut}`, refused: null },
      "Every event taken from `events` had been confirmed, except the last one. It got no reply, so it's `unknown` and not `refused`, because it may have been written. Don't take any more events after it.",
    )
  })

  test('loses everything when nothing is persisted, and says so', async () => {
    const { report, found } = await killInMidWrite(['--save', '', '--appendonly', 'no'])
    const { acknowledged } = report
    const loss = await call('countLost', () => countLost(acknowledged, found))
    verify(
      acknowledged.length >= 199 && loss.lost.length === acknowledged.length && found.length === 0,
      'This server kept nothing on disk and was killed. Everything that `writeAcknowledged` reported as acknowledged is lost, and `countLost` should list all of it.',
      { received: { acknowledged: acknowledged.length, found: found.length, lost: loss.lost.length } },
    )
  })

  test('distinguishes a refusal from silence', async () => {
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
      `Memory ran out, Redis refused \`e-${found.length + 1}\`, and \`writeAcknowledged\` continued with the next events. Stop at the first refusal. Otherwise, later events may be written without that one, and the stream has a gap.`,
      { expected: words(`e-${found.length + 1} is the last event taken`), received: `e-${handedOut}` },
    )
    verifyEqual(
      [report.refused, report.unknown, report.acknowledged.length],
      [`e-${found.length + 1}`, null, found.length],
      "Memory ran out, and with `noeviction`, Redis replied to `XADD` with an error (`OOM …`). An error is a reply: the event definitely wasn't written. It belongs in `refused`; `unknown` is for an event that got no reply. All events before it were confirmed, so they belong in `acknowledged`.",
    )
  })

  test('shows what a power failure can take (a simulation)', async () => {
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
        'Twenty events were written with `always` and ten more with `everysec`. Then the append-only file was cut where it had last been synced. The ten events are lost, even though they were acknowledged, so `countLost` should list them.',
      )
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
  })

  test('passes on any error from CONFIG', () =>
    passesOnErrors({ name: 'checkDurability', run: checkDurability, closes: true, why: PERMISSION }))

  test('counts every error from Redis as a refusal', async () => {
    await everyRefusal({
      name: 'writeAcknowledged',
      run: (redis) => writeAcknowledged(redis, KEY, [eventOf(1), eventOf(2)]),
      verify: async ({ outcome, refused }) => {
        const written = await idsIn(box)
        verifyEqual(
          outcome.ok ? outcome.value : outcome.error,
          {
            acknowledged: written,
            refused: written.length === 2 ? null : `e-${written.length + 1}`,
            unknown: null,
          },
          `Redis replied to ${code(refused, 'no command')} with an error that few programs expect (\`NOPERM\`: the user lacks the permission). An error is a reply, whichever one it is, so the event definitely wasn't written and belongs in \`refused\`. Check the class of the error and not its message.`,
        )
      },
    })
  })

  test('counts a write that is refused for lack of a replica as a refusal', async () => {
    const { admin, connect } = await box.startServer({ args: EVERY_SECOND })
    await admin.config('SET', 'min-replicas-to-write', 1)
    verifyEqual(
      await call('writeAcknowledged', () => writeAcknowledged(connect(), KEY, [eventOf(1), eventOf(2)])),
      { acknowledged: [], refused: 'e-1', unknown: null },
      "Redis has no replica and replied to `XADD` with an error (`NOREPLICAS`). An error is a reply, whichever one it is, so the event definitely wasn't written and belongs in `refused`. Check the class of the error: a list of messages is never complete.",
    )
  })

  test('counts a closed connection as silence', async () => {
    const redis = box.connect()
    redis.disconnect()
    verifyEqual(
      await call('writeAcknowledged', () => writeAcknowledged(redis, KEY, [eventOf(1), eventOf(2)])),
      { acknowledged: [], refused: null, unknown: 'e-1' },
      'The connection was closed ("Connection is closed."), so there was no reply. That\'s `unknown`, whatever the message says: only Redis can refuse an event. Check the class of the error and not its message.',
    )
  })

  /** Since Redis 7 the log is in several files; before, it was one. */
  async function appendOnlyFile(folder: string): Promise<string> {
    const names = await readdir(folder, { recursive: true })
    return names.find((name) => name.endsWith('.incr.aof')) ?? 'appendonly.aof'
  }
})

describe.skipIf(lacks('own-server'))('appendReplicated', () => {
  const NONE = ['--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0']
  const one = { replicas: 1, timeoutMs: 50 }

  async function replicated(append: () => Promise<string>, why: string): Promise<string> {
    const outcome = await attempt('appendReplicated', append, PATIENT)
    verify(
      outcome.ok || !(outcome.error instanceof NotReplicatedError),
      `\`appendReplicated\` threw a \`NotReplicatedError\`, even though enough replicas had the event. ${why}`,
      { received: !outcome.ok && outcome.error },
    )
    return call('appendReplicated', () => {
      if (!outcome.ok) throw outcome.error
      return outcome.value
    })
  }

  /** The number of replicas and the timeout of each WAIT; for 0 replicas, it only asks how many there are. */
  const waitsSent = () =>
    box.commands
      .filter(({ name }) => name === 'WAIT')
      .map(({ args }) => args.map(Number))
      .filter(([replicas]) => replicas !== 0)

  test('reports that there is no replica, and writes the event anyway', async () => {
    const server = await box.startServer({ args: NONE })
    const redis = server.connect()
    const error = await callError(
      'appendReplicated',
      () => appendReplicated(redis, KEY, eventOf(1), one),
      NotReplicatedError,
      "The server has no replicas, so none received the event. In that case, `WAIT` doesn't fail; it replies 0. `appendReplicated` should check that number and throw a `NotReplicatedError`.",
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
      "`WAIT` doesn't undo the write. The event should be written once and stay in the stream, because a caller that catches the error relies on that.",
    )
    verifyEqual(
      { id: error.id, wanted: error.wanted, reached: error.reached },
      { id: entries[0]?.[0], wanted: 1, reached: 0 },
      'The `NotReplicatedError` should carry the ID of the entry that was written, the number of replicas wanted, and the number reached.',
    )
    const waits = waitsSent().map(([, timeout]) => timeout ?? 0)
    verify(
      !waits.includes(0) && waits.reduce((sum, ms) => sum + ms, 0) < 2 * one.timeoutMs,
      '`timeoutMs` was 50, and `appendReplicated` waited longer than that. Send one `WAIT`, with `timeoutMs` as it is: a timeout of 0 waits forever, and the caller has to know how long an append may take.',
      { expected: words('at most 50 ms'), received: waits.map((ms) => `WAIT for ${ms} ms`) },
    )
    const id = await replicated(
      () => appendReplicated(redis, KEY, eventOf(2), { replicas: 0, timeoutMs: 50 }),
      'With `replicas: 0`, any number of replicas is enough, even 0.',
    )
    verifyEqual(
      id,
      (await server.admin.xrevrange(KEY, '+', '-', 'COUNT', 1))[0]?.[0],
      "With `replicas: 0`, there's nothing to wait for, so `appendReplicated` should resolve to the ID of the new entry.",
    )
  })

  test('waits for a replica, and notices one that no longer replies', async () => {
    const server = await box.startServer({ args: NONE })
    const port = new URL(server.url).port
    const replica = await box.startServer({ args: [...NONE, '--replicaof', '127.0.0.1', port] })
    await replica.until(
      async (admin) => (await admin.info('replication')).includes('master_link_status:up'),
      "a replica didn't get its primary's data",
    )
    await server.admin.set('a', '1')
    await confirmed(server)
    const redis = server.connect()
    const id = await replicated(
      () => appendReplicated(redis, KEY, eventOf(1), { replicas: 1, timeoutMs: 5_000 }),
      "The only replica is connected and receives every change within milliseconds. `WAIT` covers what was written before it on its own connection. Before the `XADD`, it's too early, and inside `MULTI`, it doesn't wait at all.",
    )
    verifyEqual(
      (await replica.admin.xrange(KEY, '-', '+')).map(([there]) => there),
      [id],
      "A replica is connected, and `appendReplicated` resolved, but the event wasn't on the replica yet. It should wait until the replica has confirmed the event.",
    )
    const most = Math.max(0, ...waitsSent().map(([replicas]) => replicas ?? 0))
    verify(
      most <= 1,
      `One replica was wanted, but \`appendReplicated\` sent a \`WAIT\` for ${most}. \`WAIT\` replies as soon as that many replicas have the event, so with fewer replicas, every append takes all of \`timeoutMs\`. Wait for \`replicas\` of them.`,
      { expected: words('WAIT 1 5000'), received: words(`WAIT ${most}`) },
    )
    const before = waitsSent().length
    const tooFew = await callError(
      'appendReplicated',
      () => appendReplicated(redis, KEY, eventOf(3), { replicas: 2, timeoutMs: 300 }),
      NotReplicatedError,
      'There is one replica, and 2 were wanted, so `appendReplicated` should throw a `NotReplicatedError`.',
    )
    verifyEqual(tooFew.wanted, 2, '`replicas` was 2, so the `NotReplicatedError` should have 2 in `wanted`.')
    const replies = box.commands.filter(({ name }) => name === 'WAIT').map(({ reply }) => reply)
    verify(
      replies.includes(tooFew.reached), // on a busy machine, even the one replica may be late
      'There is one replica, and 2 were wanted. In the `NotReplicatedError`, `reached` should be the number that `WAIT` replied with, because one replica may be enough for the caller.',
      { expected: replies.at(-1), received: tooFew.reached },
    )
    const [least = 2, ...more] = waitsSent()
      .slice(before)
      .map(([replicas]) => replicas ?? 0)
    verify(
      least >= 2 || more.length > 0, // one that asks again and again gets there, too
      `Two replicas were wanted, but \`appendReplicated\` sent a \`WAIT\` for ${least}. \`WAIT\` replies as soon as that many replicas have the event, even if the second one would have it a moment later. Wait for \`replicas\` of them.`,
      { expected: words('WAIT 2 300'), received: words(`WAIT ${least}`) },
    )
    await everyInterleaving({
      name: 'appendReplicated',
      first: () => appendReplicated(server.connect(), KEY, eventOf(4), { replicas: 0, timeoutMs: 50 }),
      // Has the replica confirm everything up to here, which it otherwise does only once a second.
      second: async () => {
        await server.admin.set('a', '2')
        await confirmed(server)
      },
      verify: ({ first }) =>
        verify(
          first.ok,
          "One replica had the event, `replicas` was 0, and `appendReplicated` threw an error. It's fine if more replicas than that have it: `replicas` is the minimum.",
          { received: !first.ok && first.error },
        ),
    })
    await server.until(allConfirmed, NOT_CONFIRMED)
    await replica.pause()
    const error = await callError(
      'appendReplicated',
      () => appendReplicated(server.connect(), KEY, eventOf(2), one),
      NotReplicatedError,
      'The replica is still connected but has stopped replying, and `appendReplicated` reported that it has the event. `WAIT` counts the replicas that have what _its own connection_ wrote, so send it after the `XADD`, on the same connection.',
    )
    verifyEqual(
      { wanted: error.wanted, reached: error.reached },
      { wanted: 1, reached: 0 },
      'The only replica has stopped replying, so the event reached 0 replicas, and 1 was wanted.',
    )
  })

  test('passes on any error from Redis', () =>
    passesOnErrors({
      name: 'appendReplicated',
      run: (redis) => appendReplicated(redis, KEY, eventOf(1), { replicas: 1, timeoutMs: 1 }),
      closes: true,
      why: PERMISSION,
    }))
})

const NOT_CONFIRMED = "a replica didn't confirm what it received"

/** Has the only replica confirm everything up to here. */
const confirmed = (server: OwnServer) =>
  server.until(async (admin) => (await admin.wait(1, 100)) === 1, NOT_CONFIRMED)

/** Whether the only replica has confirmed everything, which it does on its own once a second. */
async function allConfirmed(admin: OwnServer['admin']): Promise<boolean> {
  const info = await admin.info('replication')
  const confirmed = /^slave0:.*offset=(\d+)/m.exec(info)?.[1]
  return confirmed === /^master_repl_offset:(\d+)/m.exec(info)?.[1]
}

describe('backup and restore', () => {
  const COPY = 'stream:copy'
  async function linesOf(redis = box.redis, key = KEY): Promise<readonly string[]> {
    const lines: string[] = []
    for await (const line of backup(redis, key)) lines.push(line)
    return lines
  }
  const save = (key = KEY) => call('backup', () => linesOf(box.redis, key))
  async function* each(lines: readonly string[]) {
    yield* lines
  }
  const restoreFrom = (lines: readonly string[], key = COPY) =>
    call('restore', () => restore(box.connect(), key, each(lines)))
  /** What an earlier attempt left behind must not get in the way. */
  async function startsOver(lines: readonly string[], what: string): Promise<void> {
    const next = await attempt('restore', () => restore(box.connect(), COPY, each(lines)))
    verifyEqual(
      next.ok ? next.value : next.error,
      3,
      `${what}. The next attempt had all the lines and failed, too, although nothing is stored at the key. Before you begin, delete whatever an earlier attempt left under another name.`,
    )
  }
  const lastId = async (key: string) => {
    const info = (await box.admin.xinfo('STREAM', key)) as unknown[]
    return info[info.indexOf('last-generated-id') + 1]
  }

  async function plant() {
    await box.admin.xadd(KEY, '1-0', 'event', 'one')
    await box.admin.xadd(KEY, '2-0', 'event', 'two\nlines, "quotes" and ünïcode', 'note', '')
    await box.admin.xadd(KEY, '7-3', 'event', 'seven', 'tab', ' a\tb\t%20')
  }

  test('restores the same entries with the same IDs', async () => {
    await plant()
    const lines = await save()
    verify(
      lines.every((line) => typeof line === 'string' && !line.includes('\n')),
      "Each line of a backup should be a string without line breaks, whatever the events contain. Otherwise, `restore` can't tell where a line ends.",
      { received: lines },
    )
    const count = await restoreFrom(lines)
    verifyEqual(
      await box.admin.xrange(COPY, '-', '+'),
      [
        ['1-0', ['event', 'one']],
        ['2-0', ['event', 'two\nlines, "quotes" and ünïcode', 'note', '']],
        ['7-3', ['event', 'seven', 'tab', ' a\tb\t%20']],
      ],
      'The restored stream should have the same entries, with the same IDs and the same fields. The IDs are versions and positions, and other programs have stored them.',
    )
    verifyEqual(count, 3, '`restore` should resolve to the number of entries that it restored.')
    verifyEqual(
      await box.admin.pttl(COPY),
      -1,
      "The restored stream has a time to live, so it will disappear when that runs out. `RENAME` keeps the draft's time to live, so don't set one, or remove it (`PERSIST`) before you rename.",
    )
    verifyEqual(
      await box.admin.xrange(KEY, '-', '+', 'COUNT', 1),
      [['1-0', ['event', 'one']]],
      '`backup` only reads, so the stream itself should stay as it was.',
    )
  })

  test('restores a field that occurs twice', async () => {
    await box.admin.xadd(KEY, '1-0', 'tag', 'new', 'event', 'one', 'tag', 'urgent')
    await restoreFrom(await save())
    verifyEqual(
      await box.admin.xrange(COPY, '-', '+'),
      [['1-0', ['tag', 'new', 'event', 'one', 'tag', 'urgent']]],
      "The entry has the field `tag` twice, which a stream allows, and the copy doesn't have the same fields in the same order. An object or a `Map` keeps only one value for each name, so keep the flat list that Redis returns.",
    )
  })

  test('restores the last ID, even of an entry that is gone', async () => {
    await plant()
    await box.admin.xdel(KEY, '7-3')
    await restoreFrom(await save())
    verifyEqual(
      await lastId(COPY),
      '7-3',
      'Entry `7-3` was deleted, but the original stream never gives out that ID again. The restored stream would, because its `last-generated-id` is lower, and then two events would have the same version. Read the last ID with `XINFO STREAM` and set it with `XSETID`.',
    )
  })

  test('restores a stream whose entries have all been trimmed', async () => {
    await plant()
    await box.admin.xtrim(KEY, 'MAXLEN', 0)
    const count = await restoreFrom(await save())
    verifyEqual(
      [count, await box.admin.exists(COPY), await box.admin.xlen(COPY), await lastId(COPY).catch(() => null)],
      [0, 1, 0, '7-3'],
      'A stream whose entries have all been trimmed still exists, and its last ID still matters. `restore` should create an empty stream with that last ID.',
    )
    verifyEqual(
      await box.admin.xinfo('GROUPS', COPY),
      [],
      '`restore` left a consumer group in the restored stream. If you create one to get an empty stream, destroy it again: no consumer reads from that group, and monitoring would show it as lagging behind.',
    )
  })

  test('has no lines for a stream that does not exist', async () => {
    verifyEqual(
      await save('stream:none'),
      [],
      "This stream doesn't exist, so its backup should have no lines at all. If it had any, the backup of a misspelled key would look like a good one.",
    )
  })

  test('reads a long stream in pages', async () => {
    await plantLongStream(box.admin, KEY, { page: 500, fields: (n) => ({ event: `number ${n}` }) })
    const lines = await save()
    const longest = largestReply(box.commands)
    verify(
      longest <= 500,
      `One command fetched ${longest} entries. A log can be larger than your program's memory, so \`backup\` should read pages of at most 500 entries.`,
    )
    const outcome = await attempt('restore', () => restore(box.connect(), COPY, each(lines)), PATIENT)
    verify(
      outcome.ok || !String(outcome.error).includes('equal or smaller'),
      '`restore` received the same entry twice, and Redis refused it. `backup` seems to begin a page with the last entry of the previous page. Start after that entry, at `(<id of the last entry>`.',
      { received: !outcome.ok && outcome.error },
    )
    const restored = await call('restore', () => {
      if (!outcome.ok) throw outcome.error
      return outcome.value
    })
    const ids = (await box.admin.xrange(COPY, '-', '+')).map(([id]) => id)
    verifyEqual(
      [restored, ids.length, ids[500], ids.at(-1)],
      [1_010, 1_010, '7-501', '7-1010'],
      `A stream of 1,010 entries, all from the same millisecond (\`7-1\` to \`7-1010\`), should be restored with all 1,010 entries, each of them once.${pagingFault(box.commands)}`,
    )
  })

  test('ends while other clients write', async () => {
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
      'Other clients kept writing while `backup` was reading, and `backup` never finished. A backup captures the stream as it was when the backup began.',
    )
    await restoreFrom(lines)
    const there = await box.admin.xrange(COPY, '-', '+')
    verify(
      there.length >= 3 && (await lastId(COPY)) === (there.at(-1) ?? ['7-3'])[0],
      "Other clients wrote while `backup` was reading. In the restored stream, the ID of the last entry should also be the stream's last ID. A last ID that was read after the entries leaves a gap that looks like deleted events.",
      { received: { entries: there.length, last: there.at(-1)?.[0], lastGeneratedId: await lastId(COPY) } },
    )
  })

  test('captures a single moment', async () => {
    await everyInterleaving({
      name: 'backup',
      prepare: plant,
      first: linesOf,
      second: (redis) => redis.xadd(KEY, '8-0', 'event', 'meanwhile'),
      async verify({ first, held }) {
        if (!first.ok) throw first.error
        const when = `\`8-0\` was written just before \`backup\`'s ${code(held, 'end')}`
        const outcome = await attempt('restore', () => restore(box.connect(), COPY, each(first.value)))
        verify(
          outcome.ok,
          `${when}, and the backup couldn't be restored. Its entries, their number, and the last ID are from different moments. Get the last ID first, and read up to it, not to \`+\`.`,
          { received: !outcome.ok && outcome.error },
        )
        const newest = (await box.admin.xrevrange(COPY, '+', '-', 'COUNT', 1))[0]?.[0]
        verifyEqual(
          await lastId(COPY),
          newest,
          `${when}. In the restored stream, the last entry and the last ID should match, both with \`8-0\` or both without it. A last ID without its entry looks like a deleted event. Get the last ID first, and read up to it.`,
        )
      },
    })
  })

  test('can be restored even if entries were deleted in the meantime', async () => {
    await everyInterleaving({
      name: 'backup',
      prepare: plant,
      first: linesOf,
      second: (redis) => redis.xdel(KEY, '2-0'),
      async verify({ first, held }) {
        const when = `\`2-0\` was deleted just before \`backup\`'s ${code(held, 'end')}`
        verify(first.ok, `${when}, and \`backup\` failed. It may miss that entry, but it shouldn't fail.`, {
          received: !first.ok && first.error,
        })
        const outcome = await attempt('restore', () => restore(box.connect(), COPY, each(first.value)))
        verify(
          outcome.ok,
          `${when}, and the backup can't be restored. Record how many entries the backup has, not how many the stream had when the backup began.`,
          { received: !outcome.ok && outcome.error },
        )
        const there = (await box.admin.xrange(COPY, '-', '+')).map(([id]) => id)
        verifyEqual(
          [there.filter((id) => id !== '2-0'), await lastId(COPY)],
          [['1-0', '7-3'], '7-3'],
          `${when}. The restored stream may not contain it, but it should have \`1-0\` and \`7-3\`, and the last ID \`7-3\`.`,
        )
      },
    })
  })

  test('restores two streams at the same time', async () => {
    await plant()
    const lines = await save()
    const other = 'stream:other'
    async function* interrupted() {
      for (const [i, line] of lines.entries()) {
        if (i === 2) await restore(box.connect(), other, each(lines))
        yield line
      }
    }
    const outcome = await attempt('restore', () => restore(box.connect(), COPY, interrupted()))
    verifyEqual(
      [outcome.ok ? outcome.value : outcome.error, await box.admin.xlen(COPY), await box.admin.xlen(other)],
      [3, 3, 3],
      "While `restore` was reading the lines for `stream:copy`, another restore ran for `stream:other`, and they got in each other's way. Give each key a draft of its own, for example, the key followed by `:restoring`. Received: what the first restore returned, and the number of entries in both streams.",
    )
  })

  test('refuses a key that is in use', async () => {
    await plant()
    const lines = await save()
    await box.admin.xadd(COPY, '9-0', 'event', 'theirs')
    const error = await callError(
      'restore',
      () => restore(box.redis, COPY, each(lines)),
      BackupError,
      'There is already a stream at this key, so `restore` should throw a `BackupError`. A restore done in a hurry must not overwrite live data or get mixed in with it.',
    )
    verifyEqual(error.reason, 'exists', 'The `BackupError` should have the reason `exists`.')
    verifyEqual(
      await box.admin.xrange(COPY, '-', '+'),
      [['9-0', ['event', 'theirs']]],
      '`restore` refused, but it had already changed the stream that was there. It should leave that stream exactly as it was.',
    )
  })

  for (const [what, put, look] of [
    [
      'a stream whose entries have all been trimmed',
      async () => {
        await box.admin.xadd(COPY, '9-0', 'event', 'theirs')
        await box.admin.xtrim(COPY, 'MAXLEN', 0)
      },
      async () => [await box.admin.xlen(COPY), await lastId(COPY)],
    ],
    ['a string', () => box.admin.set(COPY, 'theirs'), () => box.admin.get(COPY)],
  ] as const) {
    test(`refuses a key that holds ${what}`, async () => {
      await plant()
      const lines = await save()
      await put()
      const before = await look()
      const outcome = await attempt('restore', () => restore(box.connect(), COPY, each(lines)))
      verify(
        !outcome.ok && outcome.error instanceof BackupError && outcome.error.reason === 'exists',
        `The key holds ${what}, so it exists, and \`restore\` should throw a \`BackupError\` with the reason \`exists\`. \`EXISTS\` and \`RENAMENX\` answer for a key of any type, with or without entries; \`XLEN\` doesn't.`,
        { received: outcome.ok ? outcome.value : outcome.error },
      )
      verifyEqual(
        await look().catch((error: unknown) => error),
        before,
        `The key held ${what}. \`restore\` refused, but it had already changed what was there.`,
      )
    })
  }

  test('starts over after an attempt that failed', async () => {
    await plant()
    const lines = await save()
    const first = await attempt('restore', () => restore(box.connect(), COPY, each(lines.slice(0, -1))))
    if (first.ok || (await box.admin.exists(COPY)) === 1) return // the next test says what's wrong
    await startsOver(lines, 'The first attempt failed, because the backup was incomplete')
  })

  test('refuses a backup that is cut off or incomplete', async () => {
    await plant()
    const lines = await save()
    const last = lines.at(-1) ?? ''
    const damaged = [
      [...lines.slice(0, -1), last.slice(0, Math.floor(last.length / 2))],
      ...lines.map((_, hole) => lines.filter((_, index) => index !== hole)),
      [],
    ]
    for (const some of damaged) {
      const outcome = await attempt('restore', () => restore(box.redis, COPY, each(some)))
      verify(
        outcome.ok || !String(outcome.error).includes('equal or smaller'),
        'An earlier attempt failed because its backup was damaged, and it left entries behind under another name. Redis then refused an entry of this attempt, because there was already a later one. Before you begin, delete whatever an earlier attempt left: `DEL` also deletes its last ID.',
        { expected: words('a thrown BackupError'), received: !outcome.ok && outcome.error },
      )
      const error = await callError(
        'restore',
        () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)),
        BackupError,
        'This backup is missing one or more lines, or half of the last one, as if the disk had filled up or the copy had been interrupted. `restore` should notice and throw a `BackupError`, not restore a shorter history that looks complete.',
      )
      verifyEqual(error.reason, 'incomplete', 'The `BackupError` should have the reason `incomplete`.')
      verifyEqual(
        await box.admin.exists(COPY),
        0,
        'The backup was incomplete, and `restore` said so, but it left part of the stream at the key. Nothing should be there.',
      )
    }
    await startsOver(lines, 'Some attempts failed, because their backups were damaged')
  })

  test('refuses a last line that is cut off anywhere', async () => {
    await plant()
    await box.admin.xadd(KEY, '12-345', 'event', 'gone')
    await box.admin.xdel(KEY, '12-345')
    const lines = await save()
    const last = lines.at(-1) ?? ''
    for (let length = Math.max(0, last.length - 12); length < last.length; length += 1) {
      const some = [...lines.slice(0, -1), last.slice(0, length)]
      const outcome = await attempt('restore', () => restore(box.connect(), COPY, each(some)))
      const isWhole = outcome.ok && (await box.admin.xlen(COPY)) === 3 && (await lastId(COPY)) === '12-345' // nothing was lost
      verify(
        isWhole ||
          (!outcome.ok && outcome.error instanceof BackupError && outcome.error.reason === 'incomplete'),
        `The last line of this backup, of ${last.length} characters, was cut off after ${length}. \`restore\` should throw a \`BackupError\` with the reason \`incomplete\`${outcome.ok ? ', because part of a number is a number, too. A JSON object, for example, ends with a brace that would be missing' : '. It rejected with a different error'}.`,
        { received: outcome.ok ? outcome.value : outcome.error },
      )
      await box.admin.del(COPY)
    }
  })

  test('restores all or nothing', async () => {
    await plant()
    await box.admin.xadd(KEY, '9-0', 'event', 'gone')
    await box.admin.xdel(KEY, '9-0') // so that the last ID has to be restored, too
    const lines = await save()
    await everyCrash({
      name: 'restore',
      run: (redis) => restore(redis, COPY, each(lines)),
      async verify({ sent, last }) {
        const length = (await box.admin.exists(COPY)) === 1 ? await box.admin.xlen(COPY) : 'no stream'
        const died = `The process died after ${sent} ${sent === 1 ? 'command' : 'commands'}${last === undefined ? '' : ` (the last was \`${last}\`)`}`
        verify(
          length === 3 || length === 'no stream',
          `${died} and left a stream with ${length} of 3 entries at the key. Readers will mistake that for the whole stream. Build it under another name and rename it (\`RENAMENX\`) when it's complete, or write it in one step.`,
        )
        if (length === 3) {
          verifyEqual(
            await lastId(COPY),
            '9-0',
            'The process died, and the stream at the key had all of its entries, but not the last ID yet. Both should appear in one step.',
          )
          return
        }
        await startsOver(lines, died)
      },
    })
  })

  test('overwrites nothing that was written in the meantime', async () => {
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
          `Another client created a stream at the key, with \`9-0\`, just before \`restore\`'s ${code(held, 'end')}, and \`restore\` didn't leave that stream alone. The key can be taken after you've checked it, so check and write in one step: \`RENAMENX\`, a script, or \`WATCH\` on a connection of its own.`,
        )
      },
    })
  })

  test('passes on any error from Redis', async () => {
    await plant()
    await box.admin.xdel(KEY, '7-3')
    const lines = await save()
    await passesOnErrors({
      name: 'restore',
      run: (redis) => restore(redis, COPY, each(lines)),
      works: async (count) =>
        count === 2 && (await box.admin.xlen(COPY)) === 2 && (await lastId(COPY)) === '7-3',
      closes: true,
      why: PERMISSION,
    })
    await passesOnErrors({
      name: 'backup',
      prepare: plant,
      async run(redis) {
        const taken: string[] = []
        for await (const line of backup(redis, KEY)) taken.push(line)
        return taken
      },
      closes: true,
      why: PERMISSION,
    })
  })
})
