import { describe, expect, test } from 'vitest'
import { collisionOf } from '../../../src/recording/collision.ts'
import type { Step } from '../../../src/recording/types.ts'
import { run, withChanges } from './runs.ts'

const EVENT = `{"eventId":"0b7f3a52-6f0a-4c1e-9d3b-000000000001"}`

describe('a stale write', () => {
  test('is a look, a change by another client while the first was held, and the write after that', () => {
    const race = run(`
      1  XLEN account:1 → (integer) 1
      2  XLEN account:1 → (integer) 1
      2  XADD account:1 * event 3 → "402-0"
      1! XADD account:1 * event 2 → "403-0"`)
    expect(collisionOf(race)).toEqual({
      kind: 'stale',
      key: 'account:1',
      looked: 1,
      changed: 3,
      wrote: 4,
    })
  })

  test('is about the member or the field that changed, and not about another one in the same key', () => {
    const race = run(`
      1  SISMEMBER points:seen e-1 → (integer) 0
      1  HGET points balance → (nil)
      2  SISMEMBER points:seen e-2 → (integer) 0
      2  MULTI → OK
      2  SADD points:seen e-2 → QUEUED
      2  HSET points balance 10 → QUEUED
      2  EXEC → [(integer) 1, (integer) 1]
      1! MULTI → OK
      1! SADD points:seen e-1 → QUEUED
      1! HSET points balance 10 → QUEUED
      1! EXEC → [(integer) 1, (integer) 0]`)
    const stale = { kind: 'stale', key: 'points', looked: 2, changed: 7, wrote: 11 }
    expect(collisionOf(race)).toEqual(stale)
    expect(collisionOf(withChanges(race, { 7: 'points:seen', 11: 'points' }))).toBeUndefined()
    const asWhole = run(`
      1  SCARD points:seen → (integer) 0
      2  SADD points:seen e-2 → (integer) 1
      1! SADD points:seen e-1 → (integer) 1`)
    expect(collisionOf(asWhole)).toMatchObject({ looked: 1, changed: 2, wrote: 3 })
    const apart = run(`
      1  HGET emails ada → "1"
      2  HSET emails bob 2 → (integer) 1
      1  HSET emails ada 3 → (integer) 0`)
    expect(collisionOf(apart)).toBeUndefined()
  })

  test.each([
    [
      'although another field changed first',
      1,
      3,
      4,
      `
      1  HGET emails ada → "1"
      2  HSET emails bob 2 → (integer) 1
      2  HSET emails ada 2 → (integer) 0
      1  HSET emails ada 3 → (integer) 0`,
    ],
    [
      'although the client looked at another field afterward',
      1,
      3,
      4,
      `
      1  HGET emails ada → "1"
      1  HGET emails bob → (nil)
      2  HSET emails ada 2 → (integer) 0
      1  HSET emails ada 3 → (integer) 0`,
    ],
    [
      'because a rank depends on all other members',
      1,
      2,
      3,
      `
      1  ZREVRANK board ada → (integer) 0
      2  ZADD board 100 bob → (integer) 1
      1  ZADD board 50 ada → (integer) 0`,
    ],
  ])('%s', (_, looked, changed, wrote, steps) => {
    expect(collisionOf(run(steps))).toMatchObject({ kind: 'stale', looked, changed, wrote })
  })

  test('was decided before the gap, even if the client looked at the key again', () => {
    const race = run(`
      1  XRANGE account:1 - + → [["1-0", ["event", "1"]]]
      2  EVAL "return 1" 1 account:1 → [(integer) 1, (integer) 2]
      1! XREVRANGE account:1 + - COUNT 1 → [["2-0", ["event", "2"]]]
      1  EVAL "return 1" 1 account:1 → [(integer) 1, (integer) 3]`)
    expect(collisionOf(race)).toMatchObject({ looked: 1, changed: 2, wrote: 4 })
  })

  test('may be the EXEC of a transaction, which holds what was queued', () => {
    const race = run(`
      1  HGET user:42 version → "1"
      2  HGET user:42 version → "1"
      2  MULTI → OK
      2  HSET user:42 version 2 → QUEUED
      2  EXEC → [(integer) 0]
      1! MULTI → OK
      1! HSET user:42 version 2 → QUEUED
      1! EXEC → [(integer) 0]`)
    expect(collisionOf(race)).toEqual({ kind: 'stale', key: 'user:42', looked: 1, changed: 5, wrote: 8 })
  })

  test('may go to another key', () => {
    const race = run(`
      1  XRANGE customer:1 - + → []
      2  XADD customer:1 * points 7 → "2-0"
      1! XREVRANGE customer:1 + - COUNT 1 → [["2-0", []]]
      1  HSET snapshot:customer:1 position 2-0 → (integer) 1`)
    expect(collisionOf(race)).toEqual({
      kind: 'stale',
      key: 'customer:1',
      looked: 1,
      changed: 2,
      wrote: 4,
    })
  })

  test('may have been refused', () => {
    const race = run(`
      1  EXISTS orders → (integer) 0
      2  XGROUP CREATE orders mail 0 MKSTREAM → OK
      1! XGROUP CREATE orders mail 0 MKSTREAM → (error) BUSYGROUP Consumer Group name already exists`)
    expect(collisionOf(race)).toEqual({
      kind: 'stale',
      key: 'orders',
      looked: 1,
      changed: 2,
      wrote: 3,
      refused: true,
    })
  })

  test('is with the last change before a script that refused, which looks for itself', () => {
    const race = run(`
      1  XRANGE customer:1 - + → [["2-0", []]]
      2  XADD customer:1 3-0 event 3 → "3-0"
      2  EVAL script 2 snapshot:1 customer:1 3-0 → (integer) 1
      1! EVAL script 2 snapshot:1 customer:1 2-0 → (integer) 0`)
    const collision = { kind: 'stale', key: 'snapshot:1', changed: 3, wrote: 4, refused: true }
    expect(collisionOf(withChanges(race, { 2: 'customer:1', 3: 'snapshot:1' }))).toEqual(collision)
  })

  test('may have been a claim that another consumer had made before', () => {
    const race = run(`
      1  XPENDING orders mail IDLE 60000 - + 10 → [["1-0", "mailer-2", (integer) 3600099, (integer) 1]]
      2  XCLAIM orders mail mailer-3 60000 1-0 → [["1-0", ["n", "1"]]]
      1! XCLAIM orders mail mailer-1 60000 1-0 → (empty array)
      1  XRANGE orders 1-0 1-0 → [["1-0", ["n", "1"]]]`)
    const collision = { kind: 'stale', key: 'orders', looked: 1, changed: 2, wrote: 3, refused: true }
    expect(collisionOf(race)).toEqual(collision)
    expect(collisionOf(withChanges(race, { 2: 'orders' }))).toEqual(collision)
    const early = run(`
      1  XPENDING orders mail - + 10 → [["1-0", "mailer-2", (integer) 100, (integer) 1]]
      2  XADD orders * n 2 → "2-0"
      1! XCLAIM orders mail mailer-1 60000 1-0 → (empty array)`)
    expect(collisionOf(early)).toBeUndefined()
  })

  test("isn't one if the write that was refused went to another key", () => {
    const race = run(`
      1  XRANGE customer:1 - + → [["2-0", []]]
      2  XADD customer:1 3-0 event 3 → "3-0"
      1! SET mark 1 NX → (nil)`)
    expect(collisionOf(race)).toBeUndefined()
  })

  test("wasn't refused if only a part of its transaction was", () => {
    const race = run(`
      1  XLEN account:1 → (integer) 2
      2  XADD account:1 3-0 event 3 → "3-0"
      1! MULTI → OK
      1! XADD account:1 3-0 event 4 → QUEUED
      1! XADD account:1 4-0 event 5 → QUEUED
      1! EXEC → [(error) ERR The ID specified in XADD is equal or smaller, "4-0"]`)
    const collision = { kind: 'stale', key: 'account:1', looked: 1, changed: 2, wrote: 6 }
    expect(collisionOf(race)).toEqual(collision)
    expect(collisionOf(withChanges(race, { 2: 'account:1', 6: 'account:1' }))).toEqual(collision)
  })

  test('was written in spite of a refusal: to the same key without another look, or to one that both write', () => {
    const retried = run(`
      1  XREVRANGE account:1 + - COUNT 1 → [["1-0", []]]
      2  XADD account:1 2-0 event 3 → "2-0"
      1! XADD account:1 2-0 event 2 → (error) ERR The ID specified in XADD is equal or smaller
      1  XADD account:1 3-0 event 2 → "3-0"`)
    expect(collisionOf(retried)).toEqual({
      kind: 'stale',
      key: 'account:1',
      looked: 1,
      changed: 2,
      wrote: 4,
    })
    const again = run(`
      1  XREVRANGE account:1 + - COUNT 1 → [["1-0", []]]
      2  XADD account:1 2-0 event 3 → "2-0"
      1! XADD account:1 2-0 event 2 → (error) ERR The ID specified in XADD is equal or smaller
      1  XREVRANGE account:1 + - COUNT 1 → [["2-0", []]]
      1  XADD account:1 3-0 event 2 → "3-0"`)
    expect(collisionOf(again)).toMatchObject({ wrote: 3, refused: true })
    const logFirst = run(`
      1  XREVRANGE account:1 + - COUNT 1 → [["1-0", []]]
      2  XADD log * event 3 → "402-0"
      2  XADD account:1 2-0 event 3 → "2-0"
      1! XADD log * event 2 → "403-0"
      1  XADD account:1 2-0 event 2 → (error) ERR The ID specified in XADD is equal or smaller`)
    const wrote = { kind: 'stale', key: 'account:1', looked: 1, changed: 3, wrote: 4 }
    expect(collisionOf(logFirst)).toEqual(wrote)
    expect(collisionOf(withChanges(logFirst, { 2: 'log', 3: 'account:1', 4: 'log' }))).toEqual(wrote)
  })

  test.each(['1!', '1 '])('was the old decision if a retry sends the very same event (%s)', (second) => {
    const event = '{"eventId":"e-2"}'
    // Another event may have the same payload.
    const payloadOnly = `
      1  XRANGE account:1 - + → [["1-0", []]]
      2  XADD account:1 2-0 event 3 → "2-0"
      1! EVAL "redis.call('XLEN', KEYS[1]) redis.call('XADD', KEYS[1], '2-0')" 1 account:1 1 e-2 {"amount":5} → [(integer) 0, (integer) 2]
      1  XLEN account:1 → (integer) 2
      1  EVAL "redis.call('XLEN', KEYS[1]) redis.call('XADD', KEYS[1], '2-0')" 1 account:1 2 e-3 {"amount":5} → [(integer) 1, (integer) 3]`
    const race = (...between: readonly string[]) =>
      collisionOf(
        run(`
      1  XRANGE account:1 - + → [["1-0", []]]
      2  XADD account:1 2-0 event 3 → "2-0"
      ${second} EVAL "redis.call('XLEN', KEYS[1]) redis.call('XADD', KEYS[1], '2-0')" 1 account:1 1 ${event} → [(integer) 0, (integer) 2]
      ${between.join('\n')}
      1  EVAL "redis.call('XLEN', KEYS[1]) redis.call('XADD', KEYS[1], '2-0')" 1 account:1 2 ${event} → [(integer) 1, (integer) 3]`),
      )
    expect(race()).toEqual({ kind: 'stale', key: 'account:1', looked: 1, changed: 2, wrote: 4 })
    expect(race('1  XLEN account:1 → (integer) 2')).toMatchObject({ looked: 1, changed: 2, wrote: 5 })
    expect(race('1  XRANGE account:1 (1-0 + → [["2-0", []]]')).toMatchObject({ wrote: 3, refused: true })
    expect(race('2  XLEN other → (integer) 0')).toMatchObject({ wrote: 5 })
    expect(
      race('1  WATCH account:1 → OK', '1  XREVRANGE account:1 + - COUNT 1 → [["2-0", []]]'),
    ).toMatchObject({
      wrote: 6,
    })
    expect(collisionOf(run(payloadOnly))).toMatchObject({ wrote: 3, refused: true })
  })

  test('was the old decision if a retry changes only the version', () => {
    const append = `EVAL "if redis.call('XLEN', KEYS[1]) == 0 then return {'conflict', 0} end redis.call('XADD', KEYS[1], '2-0')" 1 points`
    const race = (again: string) =>
      collisionOf(
        run(`
      1  XRANGE points - + → [["1-0", ["points", "100"]]]
      2  XADD points 2-0 points -80 → "2-0"
      1! ${append} 1 cmd-1 {"points":80} → ["conflict", (integer) 2]
      1  XINFO STREAM points → ["length", (integer) 2]
      1  ${append} ${again} → ["answer", "yes"]`),
      )
    expect(race('2 cmd-1 {"points":80}')).toMatchObject({ looked: 1, changed: 2, wrote: 5 })
    expect(race('2 cmd-1 {"points":20}')).toMatchObject({ wrote: 3, refused: true })
    expect(race('2 cmd-2 {"points":80}')).toMatchObject({ wrote: 3, refused: true })
  })

  test('is based on a script that looked and could have deleted', () => {
    const compare = `EVAL "if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end return 1" 2 snapshot events → (integer) 1`
    const race = run(`
      1  HGETALL snapshot → []
      1  ${compare}
      2  ${compare}
      2  HSET snapshot position 3-0 → (integer) 1
      1! HSET snapshot position 2-0 → (integer) 0`)
    const stale = { kind: 'stale', key: 'snapshot', looked: 2, changed: 4, wrote: 5 }
    expect(collisionOf(race)).toEqual(stale)
    expect(collisionOf(withChanges(race, { 4: 'snapshot', 5: 'snapshot' }))).toEqual(stale)
  })

  test('is about the keys that a script writes, and not about others that it names', () => {
    const save = `EVAL "if ARGV[1] == '' then return 0 end redis.call('HSET', KEYS[1], 'position', ARGV[2]) return 1" 2 snapshot events`
    const race = run(`
      1  XRANGE events - + → [["2-0", []]]
      1  HGETALL snapshot → []
      2  XADD events 3-0 points 7 → "3-0"
      2  ${save} none 3-0 → (integer) 1
      1! ${save} none 2-0 → (integer) 1`)
    expect(collisionOf(race)).toEqual({ kind: 'stale', key: 'snapshot', looked: 2, changed: 4, wrote: 5 })
  })

  test("isn't the release of the client's own lock", () => {
    const race = run(`
      1  XRANGE customer:1 - + → [["2-0", []]]
      1  SET lock 1 NX → OK
      2  XADD customer:1 3-0 event 3 → "3-0"
      1! DEL lock → (integer) 1
      1  HSET snapshot:1 lastEventId 2-0 → (integer) 1`)
    expect(collisionOf(race)).toMatchObject({ looked: 1, changed: 3, wrote: 5 })
  })

  test("isn't one if the other client only looked, or its write was refused", () => {
    const looked = run(`
      1  XLEN account:1 → (integer) 1
      2  XLEN account:1 → (integer) 1
      1! XADD account:1 * event 2 → "403-0"`)
    expect(collisionOf(looked)).toBeUndefined()
    const refused = run(`
      1  XLEN account:1 → (integer) 1
      2  XADD account:1 1-0 event 3 → (error) ERR The ID specified in XADD is equal or smaller
      1! XADD account:1 * event 2 → "403-0"`)
    expect(collisionOf(refused)).toBeUndefined()
  })

  test('counts without a held command only if it goes to that very key', () => {
    const own = run(`
      1  GET seats → "1"
      2  DECR seats → (integer) 0
      1  SET seats 0 → OK`)
    expect(collisionOf(own)).toEqual({ kind: 'stale', key: 'seats', looked: 1, changed: 2, wrote: 3 })
    const reader = run(`
      1  XRANGE orders - + → []
      2  XADD orders * n 1 → "1-0"
      1  SET checkpoint 0-0 → OK`)
    expect(collisionOf(reader)).toBeUndefined()
    const lookedAgain = run(`
      1  GET seats → "1"
      2  DECR seats → (integer) 0
      1  GET seats → "0"
      1  SET seats 0 → OK`)
    expect(collisionOf(lookedAgain)).toBeUndefined()
  })

  test('is found by the recorded changes where a reply says too little', () => {
    const race = run(`
      1  GET seats → "1"
      2  EVAL "return 1" 1 seats → "no"
      1! SET seats 0 → OK`)
    expect(collisionOf(race)).toMatchObject({ changed: 2 })
    expect(collisionOf(withChanges(race, { 3: 'seats' }))).toBeUndefined()
    const other = run(`
      1  GET seats → "1"
      2  DECR seats → (integer) 0
      1! EVAL "return 1" 1 seats → "sold out"`)
    expect(collisionOf(withChanges(other, { 2: 'seats' }))).toMatchObject({
      changed: 2,
      wrote: 3,
      refused: true,
    })
    expect(collisionOf(withChanges(race, { 2: 'seats', 3: 'seats' }))).toMatchObject({ changed: 2, wrote: 3 })
  })
})

describe('a script', () => {
  const LOOK = `"return redis.call('XLEN', KEYS[1])"`
  const ADD = `"redis.call('XADD', KEYS[1], '*', 'event', ARGV[1])"`
  const stale = { kind: 'stale', key: 'account:1', looked: 1, changed: 3, wrote: 4 }

  test('that only reads is a look, and one without a return may have written although it replied nil', () => {
    const race = run(`
      1  EVAL ${LOOK} 1 account:1 → (integer) 1
      2  EVAL ${LOOK} 1 account:1 → (integer) 1
      2  EVAL ${ADD} 1 account:1 3 → (nil)
      1! EVAL ${ADD} 1 account:1 2 → (nil)`)
    expect(collisionOf(race)).toEqual(stale)
    expect(collisionOf(withChanges(race, { 3: 'account:1', 4: 'account:1' }))).toEqual(stale)
  })

  test('is known by its SHA if it was loaded, or sent as text because Redis had not known it', () => {
    const race = run(`
      1  SCRIPT LOAD ${LOOK} → "0649d0"
      1  EVALSHA 0649d0 1 account:1 → (integer) 1
      2  EVALSHA 0649d0 1 account:1 → (integer) 1
      2  EVALSHA 8afb6f 1 account:1 3 → (error) NOSCRIPT No matching script.
      2  EVAL ${ADD} 1 account:1 3 → (nil)
      1! EVALSHA 8afb6f 1 account:1 2 → (nil)`)
    expect(collisionOf(race)).toEqual({ ...stale, looked: 2, changed: 5, wrote: 6 })
  })

  test('is the one whose turn it is if Redis had not known several of one client', () => {
    const race = run(`
      1  EVALSHA 0649d0 1 account:1 → (error) NOSCRIPT No matching script.
      1  EVALSHA 8afb6f 1 account:1 3 → (error) NOSCRIPT No matching script.
      1  EVAL ${LOOK} 1 account:1 → (integer) 1
      1  EVAL ${ADD} 1 account:1 3 → (nil)
      1  EVALSHA 0649d0 1 account:1 → (integer) 2
      2  EVALSHA 8afb6f 1 account:1 4 → (nil)
      1! EVALSHA 8afb6f 1 account:1 5 → (nil)`)
    expect(collisionOf(race)).toEqual({ ...stale, looked: 5, changed: 6, wrote: 7 })
  })

  test('may do anything if its text names a command only when it runs', () => {
    const race = run(`
      1  XLEN account:1 → (integer) 1
      2  EVAL "redis.call(ARGV[1], KEYS[1])" 1 account:1 DEL → (integer) 1
      1! XADD account:1 * event 2 → "403-0"`)
    expect(collisionOf(race)).toMatchObject({ looked: 1, changed: 2, wrote: 3 })
  })
})

describe('what the check itself writes while it holds a client', () => {
  test('counts as a change', () => {
    const race = run(`
      1  HGET emails ada → "customer-1"
      1! HDEL emails ada → (integer) 1`)
    const written: Step = {
      n: 2,
      at: 1,
      kind: 'check',
      what: 'the test sends HSET emails ada customer-2',
      changes: [{ key: 'emails', type: 'hash', fields: { ada: [{ s: 'customer-1' }, { s: 'customer-2' }] } }],
    }
    const between = (of: typeof race, step: Step) => {
      const [look, write] = of.steps
      if (look === undefined || write === undefined) throw new Error('two steps')
      return { ...of, steps: [look, step, { ...write, n: 3 }] }
    }
    const stale = { kind: 'stale', looked: 1, changed: 2, wrote: 3 }
    expect(collisionOf(between(withChanges(race, { 2: 'emails' }), written))).toMatchObject(stale)

    const sent = [
      [{ s: 'HGET' }, { s: 'other' }, { s: 'x' }],
      [{ s: 'HSET' }, { s: 'emails' }, { s: 'ada' }],
    ]
    expect(collisionOf(between(race, { ...written, changes: [], sent }))).toMatchObject(stale)
    expect(collisionOf(between(race, { ...written, changes: [], sent: sent.slice(0, 1) }))).toBeUndefined()
  })
})

describe('torn reads', () => {
  test('are two looks around a change, by a client that wrote nothing', () => {
    const race = run(`
      1  HGET snapshot state → "5 points"
      2  HSET snapshot state "12 points" position 3-0 → (integer) 0
      1! HGET snapshot position → "3-0"`)
    expect(collisionOf(race)).toEqual({ kind: 'torn', key: 'snapshot', looked: 1, changed: 2, again: 3 })
  })

  test('may be of two keys that changed together', () => {
    const race = run(`
      1  GET key:1 → (nil)
      2  SET key:1 secret → OK
      2  XADD customer:1 * data encrypted → "1-0"
      1! XRANGE customer:1 - + → [["1-0", ["data", "encrypted"]]]`)
    expect(collisionOf(race)).toEqual({ kind: 'torn', key: 'key:1', looked: 1, changed: 2, again: 4 })
  })
})

describe('a position from another command than the events', () => {
  const push = '2  RPUSH list b → (integer) 2'
  const torn = { kind: 'torn', key: 'list' }

  test('skips what was added after the read', () => {
    const skipped = run(`
      1  LRANGE list 0 499 → ["a"]
      ${push}
      1  LLEN list → (integer) 2
      1  LRANGE list 2 501 → (empty array)`)
    expect(collisionOf(skipped)).toEqual({ ...torn, looked: 1, changed: 2, again: 3 })
    const inStream = run(`
      1  XRANGE events - + COUNT 500 → [["1-0", ["n", "1"]]]
      2  XADD events 2-0 n 2 → "2-0"
      1  XREVRANGE events + - COUNT 1 → [["2-0", ["n", "2"]]]
      1  XRANGE events (2-0 + COUNT 500 → (empty array)`)
    expect(collisionOf(inStream)).toMatchObject({ kind: 'torn', looked: 1, changed: 2, again: 3 })
  })

  test('reads again what was added before the read', () => {
    const again = run(`
      1  LLEN list → (integer) 1
      ${push}
      1  LRANGE list 1 500 → ["b"]
      1  LLEN list → (integer) 2
      1  LRANGE list 1 500 → ["b"]`)
    expect(collisionOf(again)).toEqual({ ...torn, looked: 1, changed: 2, again: 3 })
  })

  test.each([
    [
      'the next read begins after what was read',
      'LRANGE list 1 500 → ["b"]',
      'LLEN list → (integer) 3',
      'LRANGE list 2 501 → ["c"]',
    ],
    [
      'the first read found nothing',
      'LRANGE list 1 500 → (empty array)',
      'LLEN list → (integer) 2',
      'LRANGE list 1 500 → ["b"]',
    ],
  ])("isn't one if %s", (_, read, length, next) => {
    const calm = run(`
      1  LLEN list → (integer) 1
      ${push}
      1  ${read}
      1  ${length}
      1  ${next}`)
    expect(collisionOf(calm)).toBeUndefined()
  })

  test("isn't one if nothing changed in between", () => {
    const calm = run(`
      1  LRANGE list 0 499 → ["a"]
      1  LLEN list → (integer) 1
      ${push}
      1  LRANGE list 1 500 → ["b"]`)
    expect(collisionOf(calm)).toBeUndefined()
  })
})

describe('a crash', () => {
  test('is between the last write that ran and the first command that never did', () => {
    const race = run(`
      1  SUBSCRIBE events → (integer) 1
      2  RPUSH events:user-42 ${EVENT} → (integer) 1
      2  RPUSH events:type:USER_REGISTERED ${EVENT}
      2  PUBLISH events ${EVENT}`)
    expect(collisionOf(race)).toEqual({ kind: 'crash', key: 'events:user-42', wrote: 2, never: 3 })
  })

  test('is about the key that the command names, even if a script changed others', () => {
    const died = run(`
      1  EVAL "return 1" 1 process:1 → (integer) 1
      1  ZADD deadlines 1 process:1`)
    const { steps } = withChanges(died, { 1: 'process:1' })
    const [script, ...rest] = steps
    if (script === undefined) throw new Error('a script')
    const bus = { key: 'bus', type: 'string', value: [{ s: '1' }, { s: '2' }] } as const
    const both = [{ ...script, changes: [bus, ...script.changes] }, ...rest]
    expect(collisionOf({ ...died, steps: both })).toMatchObject({ kind: 'crash', key: 'process:1' })
  })

  test("doesn't count what was queued in a transaction as having run", () => {
    const race = run(`
      1  SET a 1 → OK
      1  MULTI → OK
      1  SET b 1 → QUEUED
      1  EXEC`)
    expect(collisionOf(race)).toEqual({ kind: 'crash', key: 'a', wrote: 1, never: 4 })
  })
})

test("a script that replies as it does only before its first write hasn't written", () => {
  const script = `"if redis.call('XLEN', KEYS[1]) ~= ARGV[1] then return {'conflict', 2} end redis.call('XADD', KEYS[1], '*') return {'added', 3}"`
  const race = (reply: string) =>
    collisionOf(
      run(`
      1  XRANGE account:1 - + → [["1-0", []]]
      2  XADD account:1 2-0 event 3 → "2-0"
      1! EVAL ${script} 1 account:1 1 → ${reply}`),
    )
  expect(race('["conflict", (integer) 2]')).toMatchObject({ wrote: 3, refused: true })
  expect(race('["added", (integer) 3]')).not.toHaveProperty('refused')
})

test("a retry isn't the old decision if the code has looked again, on another connection, too", () => {
  const add = `EVAL "redis.call('XLEN', KEYS[1]) redis.call('XADD', KEYS[1], '2-0')" 1 account:1`
  const event = '{"eventId":"e-2"}'
  const race = (between: string) =>
    collisionOf(
      run(`
      1  XRANGE account:1 - + → [["1-0", []]]
      2  XADD account:1 2-0 event 3 → "2-0"
      1  ${add} 1 ${event} → [(integer) 0, (integer) 2]
      ${between}
      1  ${add} 2 ${event} → [(integer) 1, (integer) 3]`),
    )
  expect(race('')).toMatchObject({ looked: 1, wrote: 4 })
  expect(race('3  XRANGE account:1 - + → [["1-0", []], ["2-0", []]]')).not.toMatchObject({ wrote: 5 })
})

describe('a change that was missed', () => {
  const READ = 'LRANGE list 0 499 → (empty array)'
  const PUSH = 'RPUSH list a → (integer) 1'
  const collision = (...lines: readonly string[]) => collisionOf(run(lines.join('\n')))
  const missed = { kind: 'missed', key: 'list', looked: 1, changed: 2 }

  test('came after the last look of code that begins to listen after it', () => {
    expect(collision(`1 ${READ}`, `2 ${PUSH}`, '3! SUBSCRIBE events → (integer) 1', '3 QUIT → OK')).toEqual(
      missed,
    )
    const stream = ['1 XRANGE list - + → (empty array)', '2 XADD list * n 1 → "1-0"']
    expect(collision(...stream, '1 XREAD BLOCK 50 STREAMS list $ → (nil)')).toEqual(missed)
    expect(collision(...stream, '1 XREAD BLOCK 50 STREAMS other $ → (nil)')).toBeUndefined()
  })

  test('or of code to which a message about it came', () => {
    const { lanes, steps } = run(`1 SUBSCRIBE e → (integer) 1\n1 ${READ}\n2 ${PUSH}`)
    const message: Step = {
      kind: 'message',
      n: 4,
      at: 2,
      lane: 1,
      channel: 'e',
      text: { s: 'a' },
      changes: [],
    }
    expect(collisionOf({ lanes, steps })).toBeUndefined() // the subscription may have ended
    expect(collisionOf({ lanes, steps: [...steps, message] })).toEqual({ ...missed, looked: 2, changed: 3 })
  })

  test("isn't one if only the test listens", () => {
    const { lanes, steps } = run(`1 ${READ}\n2 ${PUSH}\n3 SUBSCRIBE e → (integer) 1`)
    expect(collisionOf({ lanes, steps })).toEqual(missed)
    const named = lanes.map((lane) => (lane.id === 3 ? { ...lane, role: 'the test' } : lane))
    expect(collisionOf({ lanes: named, steps })).toBeUndefined()
  })

  test.each([
    ['was looked at later', `1 ${READ}`, `2 ${PUSH}`, '3 SUBSCRIBE e → (integer) 1', `1 ${READ}`],
    ['was made by the same client', `1 ${READ}`, `1 ${PUSH}`, '3 SUBSCRIBE e → (integer) 1'],
    [
      'is to a key that no one had looked at',
      `1 ${READ}`,
      '2 RPUSH other a → (integer) 1',
      '3 SUBSCRIBE e → (integer) 1',
    ],
    ['came when no one listened', `1 ${READ}`, `2 ${PUSH}`],
  ])("isn't one if it %s", (_, ...lines) => {
    expect(collision(...lines)).toBeUndefined()
  })
})

describe('a lost reply', () => {
  const broke = (text: string) => run(text.replaceAll('lost', 'no reply: the connection broke'))

  test('names the command and its repetition', () => {
    const race = broke(`
      1  XADD orders * n 1 → lost
      1  XADD orders * n 1 → "2-0"`)
    expect(collisionOf(race)).toEqual({ kind: 'lost', key: 'orders', changed: 1, wrote: 2 })
  })

  test('says so if the repetition was refused, as it should be', () => {
    const race = broke(`
      1  XADD orders 2-0 n 1 → lost
      1  XADD orders 2-0 n 1 → (error) ERR The ID specified in XADD is equal or smaller`)
    expect(collisionOf(race)).toMatchObject({ kind: 'lost', changed: 1, wrote: 2, refused: true })
  })

  test("names the command alone if it wasn't repeated", () => {
    const race = broke(`
      1  GET orders → (nil)
      1  XADD orders * n 1 → lost`)
    expect(collisionOf(race)).toEqual({ kind: 'lost', key: 'orders', wrote: 2 })
  })
})

describe('work done twice', () => {
  test('is the same addition, made by two steps', () => {
    const race = run(`
      1  XADD mails * event ${EVENT} → "1-0"
      2  XADD mails * event ${EVENT} → "2-0"`)
    expect(collisionOf(race)).toEqual({ kind: 'twice', key: 'mails', changed: 1, wrote: 2 })
  })

  test('may be a transaction, whose other commands tell that it was the same work', () => {
    const race = run(`
      1  MULTI → OK
      1  SADD seen e-1 → QUEUED
      1  HINCRBY points balance 10 → QUEUED
      1  EXEC → [(integer) 1, (integer) 10]
      2  MULTI → OK
      2  SADD seen e-1 → QUEUED
      2  HINCRBY points balance 10 → QUEUED
      2  EXEC → [(integer) 0, (integer) 20]`)
    expect(collisionOf(race)).toMatchObject({ kind: 'twice', changed: 4, wrote: 8 })
  })

  test("isn't claimed for arguments that a verdict has cut, nor for counters", () => {
    const cut = run(`
      1  XADD mails * event '{"eventId":… (200 characters)' → "1-0"
      2  XADD mails * event '{"eventId":… (200 characters)' → "2-0"`)
    expect(collisionOf(cut)).toBeUndefined()
    const counted = run(`
      1  INCRBY points 10 → (integer) 10
      2  INCRBY points 10 → (integer) 20`)
    expect(collisionOf(counted)).toBeUndefined()
  })
})

test('a run without trouble has no collision', () => {
  const race = run(`
    1  XLEN account:1 → (integer) 1
    1  XADD account:1 * event 2 → "2-0"
    2  XLEN account:1 → (integer) 2
    2  XADD account:1 * event 3 → "3-0"`)
  expect(collisionOf(race)).toBeUndefined()
  const odd: readonly Step[] = [
    { n: 1, at: 0, changes: [], kind: 'check', what: 'second writer starts' },
    { n: 2, at: 1, changes: [], kind: 'server', cause: 'expired' },
  ]
  expect(collisionOf({ lanes: [], steps: odd })).toBeUndefined()
})
