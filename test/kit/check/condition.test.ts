import { expect, test } from 'vitest'
import {
  type Misbehavior,
  misbehavior,
  readCondition,
  refusedToTell,
} from '../../../src/check/kit/silence/condition.ts'

const INFO = `# Server\r
run_id:aaa\r
# Stats\r
evicted_keys:3\r
# Replication\r
role:master\r
# Errorstats\r
errorstat_OOM:count=2\r
errorstat_ERR:count=5\r
`

test.each<readonly [string, string, string, Misbehavior | undefined]>([
  ['nothing', '', '', undefined],
  ['an error of a command', 'ERR:count=5', 'ERR:count=6', undefined],
  ['another run', 'run_id:aaa', 'run_id:bbb', 'restarted'],
  ['more keys evicted', 'evicted_keys:3', 'evicted_keys:4', 'evicting'],
  ['a replica', 'role:master', 'role:slave', 'replica'],
  ['more writes refused', 'OOM:count=2', 'OOM:count=3', 'full'],
  [
    'writes refused for the first time',
    'errorstat_ERR',
    'errorstat_MISCONF:count=1\nerrorstat_ERR',
    'not saving',
  ],
  ['too few replicas', 'errorstat_ERR', 'errorstat_NOREPLICAS:count=1\nerrorstat_ERR', 'alone'],
])('%s', (_, before, after, found) => {
  expect(misbehavior(readCondition(INFO), readCondition(INFO.replace(before, after)))).toBe(found)
})

test('a server without these fields has done nothing', () => {
  expect(misbehavior(readCondition('redis_version:7.0'), readCondition('redis_version:7.0'))).toBeUndefined()
})

test('a server without a state is gone, unless it replies', () => {
  const reply = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' })
  expect(refusedToTell(new Error('Connection is closed.'))).toBe('gone')
  expect(refusedToTell(reply('BUSY Redis is busy running a script.'))).toBe('busy')
  expect(refusedToTell(reply('NOPERM no permission'))).toBeUndefined()
})
