import { describe, expect, test } from 'vitest'
import { isTooOld, shortName, versionInInfo, versionInLog } from '../../../src/redis/version.ts'

describe('a version', () => {
  test('is in the first lines of the log', () => {
    const log = '9854:C 21 Nov 2026 08:33:24.114 # Redis version=7.0.15, bits=64, commit=00000000, modified=0'
    expect(versionInLog(log)).toEqual({ product: 'Redis', version: '7.0.15' })
    expect(versionInLog('# Valkey version=8.0.1, bits=64')).toEqual({ product: 'Valkey', version: '8.0.1' })
    expect(versionInLog('Redis 3.0.6 (00000000/0) 64 bit')).toBeUndefined()
  })

  test('is in INFO, where Valkey names an old Redis as well', () => {
    expect(versionInInfo('# Server\r\nredis_version:6.2.14\r\n')).toEqual({
      product: 'Redis',
      version: '6.2.14',
    })
    expect(versionInInfo('redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\n')).toEqual({
      product: 'Valkey',
      version: '8.1.0',
    })
    expect(versionInInfo('# Server\r\n')).toBeUndefined()
  })

  test.each([
    ['5.0.14', true],
    ['6.0.20', true],
    ['6.2.14', true],
    ['6.10.0', true],
    ['7.0.0', false],
    ['7.0.15', false],
    ['10.0.1', false],
  ])('Redis %s is too old: %s', (version, expected) => {
    expect(isTooOld({ product: 'Redis', version })).toBe(expected)
  })

  test('is shown in short form', () => {
    expect(shortName({ product: 'Valkey', version: '8.0.1' })).toBe('Valkey 8.0')
  })
})
