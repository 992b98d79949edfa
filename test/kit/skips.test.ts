import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../src/common/own-folder.ts'

function run(env: NodeJS.ProcessEnv, ...flags: readonly string[]) {
  const root = projectRoot()
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const config = join('test', 'kit', 'fixtures', 'skips.config.ts')
  return spawnSync(process.execPath, [vitest, 'run', '--config', config, ...flags], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', ...env },
  })
}

describe('the list of what was skipped', () => {
  test('names each test with its reason, and the run passes', () => {
    const { stdout, status } = run({ CI: '' })
    const list = stdout.slice(stdout.indexOf(' 3 tests were skipped'))
    const place = join('test', 'kit', 'fixtures', 'skips.ts')
    expect(list.split('\n').slice(0, 7)).toEqual([
      ' 3 tests were skipped:',
      '   no ladder here',
      `     ${place} › climbs`,
      '   no light',
      `     ${place} › in the cellar > finds the wine`,
      '   nobody answered',
      `     ${place} › asks first`,
    ])
    expect(status).toBe(0)
  })

  test('fails the run where nothing may be skipped', () => {
    const { stdout, status } = run({ CI: 'true' })
    expect(stdout).toContain('Nothing may be skipped here (CI is set), so this run fails.')
    expect(status).toBe(1)
  })

  test('does not count what -t leaves out', () => {
    const { stdout, status } = run({ CI: 'true' }, '-t', 'runs')
    expect(stdout).not.toContain('were skipped')
    expect(status).toBe(0)
  })
})
