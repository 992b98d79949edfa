import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import {
  parsePreference,
  RedisUnavailableError,
  SANDBOX_MARKER,
  startOwnServer,
  startRedis,
} from '../../../src/redis/index.ts'
import { need } from '../need.ts'
import { until } from './decoys.ts'

/** Someone else's real server, with these flags. */
async function lent(...args: readonly string[]): Promise<{ place: string; admin: Redis }> {
  const server = await startOwnServer({ args: ['--save', '', ...args] })
  onTestFinished(() => server.stop())
  const admin = new Redis(server.url, { enableReadyCheck: false }) // which would ask for INFO
  onTestFinished(() => admin.disconnect())
  return { place: new URL(server.url).host, admin }
}

/** What the program says about the address, or 'taken'. */
async function said(url: string): Promise<string> {
  try {
    const redis = await startRedis(parsePreference(url))
    await redis.stop()
    return 'taken'
  } catch (error) {
    if (error instanceof RedisUnavailableError) return error.message
    throw error
  }
}

need('redis-server').describe('a borrowed Redis whose user may do', () => {
  async function saidTo(...rules: readonly string[]): Promise<string> {
    const { place, admin } = await lent()
    await admin.set('theirs', '1')
    await admin.call('ACL', 'SETUSER', 'learner', 'on', '>secret', ...rules)
    const message = await said(`redis://learner:secret@${place}/1`)
    expect(await admin.get('theirs')).toBe('1')
    expect((await admin.info('keyspace')).includes('db1:')).toBe(message === 'taken')
    return message
  }

  test('everything is accepted', async () => {
    expect(await saidTo('+@all', '~*', '&*')).toBe('taken')
  })

  test('everything but administration is accepted', async () => {
    expect(await saidTo('+@all', '-@admin', '-config', '-debug', '~*', '&*')).toBe('taken')
  })

  test.each([
    [
      ['-flushdb'],
      /doesn't allow FLUSHDB, which empties the database before each test\. Allow it for the user there/,
    ],
    [['-eval'], /doesn't allow EVAL, and a check can't do without it/],
    [['-script|load'], /doesn't allow SCRIPT LOAD, and/],
    [
      ['-function'],
      /doesn't allow FUNCTION LIST, FUNCTION LOAD, and FUNCTION DELETE, and a check can't do without them/,
    ],
    [['-watch'], /doesn't allow WATCH, and/],
    [['-multi'], /doesn't allow MULTI, and/],
    [['-discard'], /doesn't allow DISCARD, and/],
    [['-exec'], /doesn't allow EXEC, and/],
    [['-xautoclaim'], /doesn't allow XAUTOCLAIM, and/],
    [['-@stream'], /doesn't allow XADD, XLEN, XRANGE, XREVRANGE, and \d+ more, and/],
    [['-@dangerous'], /doesn't allow INFO, and/],
    [['-@dangerous', '+info'], /doesn't allow FLUSHDB and KEYS, and/],
    [['-subscribe'], /doesn't allow SUBSCRIBE, and/],
    [['-select'], /doesn't allow SELECT, and/],
    [['resetkeys', '~events:*'], /allows its user only some keys, .* Give the user ~\* there/],
    [['resetkeys', `~${SANDBOX_MARKER}*`], /allows its user only some keys/],
    [['resetkeys', '%R~*'], /allows its user only some keys/],
    [['resetchannels'], /allows its user only some channels, .* Give the user &\* there/],
  ])('everything with %j is refused, before anything is written', async (rules, sentence) => {
    expect(await saidTo('+@all', '~*', '&*', ...rules)).toMatch(sentence)
  })
})

need('redis-server').describe('a borrowed Redis that', () => {
  test.each([
    ['FLUSHDB', /doesn't allow FLUSHDB, which empties .* Enable it there if it was renamed/],
    ['EVAL', /doesn't allow EVAL, and/],
    ['MULTI', /doesn't allow MULTI, and/],
    ['INFO', /doesn't allow INFO, and/],
    ['KEYS', /doesn't allow KEYS, and/],
  ])('has no %s is refused, and stays as it is', async (name, sentence) => {
    const { place, admin } = await lent('--rename-command', name, '')
    expect(await said(`redis://${place}`)).toMatch(sentence)
    expect(await admin.dbsize()).toBe(0)
  })

  test('has no AUTH does not reveal the password', async () => {
    const { place } = await lent('--rename-command', 'AUTH', '')
    const message = await said(`redis://me:hunter2@${place}`)
    expect(message).toContain("doesn't allow AUTH")
    expect(message).not.toContain('hunter2')
  })

  test('has no CONFIG is accepted, because INFO has the same facts', async () => {
    const { place } = await lent('--rename-command', 'CONFIG', '')
    expect(await said(`redis://${place}`)).toBe('taken')
  })

  test('is a read-only replica is refused', async () => {
    const { place } = await lent('--replicaof', '127.0.0.1', '1')
    expect(await said(`redis://${place}`)).toMatch(/is a read-only replica\. Use the address of its primary/)
  })

  test('is a replica with a live primary is refused too', async () => {
    const primary = await lent()
    const [host = '', port = ''] = primary.place.split(':')
    const { place, admin } = await lent('--replicaof', host, port)
    await until(
      async () => (await admin.info('replication')).includes('master_link_status:up'),
      'it is in step',
    )
    expect(await said(`redis://${place}`)).toMatch(/is a read-only replica/)
  })

  test('waits for replicas before it stores anything is refused', async () => {
    const { place } = await lent('--min-replicas-to-write', '1')
    expect(await said(`redis://${place}`)).toMatch(/fewer replicas than its min-replicas-to-write/)
  })

  test.each(['allkeys-lru', 'allkeys-lfu', 'volatile-ttl', 'volatile-lru'])(
    'may delete keys (%s) is refused',
    async (policy) => {
      const { place, admin } = await lent('--maxmemory', '200mb', '--maxmemory-policy', policy)
      expect(await said(`redis://${place}`)).toMatch(
        `may delete keys when its memory is full (maxmemory-policy ${policy}), so events could disappear in the middle of a check. Run CONFIG SET maxmemory-policy noeviction there`,
      )
      expect(await admin.dbsize()).toBe(0)
    },
  )

  test('has a policy but no limit is accepted', async () => {
    const { place } = await lent('--maxmemory-policy', 'allkeys-lru')
    expect(await said(`redis://${place}`)).toBe('taken')
  })

  test('has a limit with room for a check is accepted', async () => {
    const { place } = await lent('--maxmemory', '200mb')
    expect(await said(`redis://${place}`)).toBe('taken')
  })

  test('is nearly full is refused', async () => {
    const { place } = await lent('--maxmemory', '3mb')
    expect(await said(`redis://${place}`)).toMatch(/has [\d.]+ MB of memory left \(maxmemory is 3 MB\)/)
  })

  test('is full is refused', async () => {
    const { place } = await lent('--maxmemory', '100kb')
    expect(await said(`redis://${place}`)).toMatch(/is full: it has reached its maxmemory/)
  })
})
