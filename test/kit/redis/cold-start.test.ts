import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'

// `eventlings --help` imports the facade: what it loads at once must be small and without packages.
test('the facade loads no package before a Redis is needed', async () => {
  const { metafile } = await build({
    entryPoints: [join(projectRoot(), 'src', 'redis', 'index.ts')],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outdir: 'nowhere',
    write: false,
    metafile: true,
  })
  const atOnce = new Set<string>()
  const follow = (file: string) => {
    for (const { path, kind, external } of metafile.inputs[file]?.imports ?? []) {
      if (kind !== 'import-statement' || atOnce.has(path)) continue
      atOnce.add(path)
      if (external !== true) follow(path)
    }
  }
  const entry = Object.keys(metafile.inputs).find((path) => path.endsWith('src/redis/index.ts')) ?? ''
  follow(entry)
  expect([...atOnce].map((path) => path.replace(/^.*src\/redis\//, '')).sort()).toEqual([
    'errors.ts',
    'gone.ts',
    'own.ts',
    'preference.ts',
    'sandbox.ts',
    'src/common/exit.ts',
    'start.ts',
  ])
})
