import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { cacheFolder } from './cache-folder.ts'
import { packageResolver } from './packages.ts'

/** The built kit and standby: plain JavaScript that a bare Node starts in a fraction of the time that a TypeScript loader takes. */
export interface Runtime {
  readonly standby: string
  /** URLs that a bundled suite imports instead of `#kit` and `vitest`. */
  readonly kitUrl: string
  readonly vitestUrl: string
}

const here = dirname(fileURLToPath(import.meta.url))
const ENTRIES = {
  standby: join(here, 'standby', 'main.ts'),
  kit: join(here, 'kit', 'index.ts'),
  vitest: join(here, 'standby', 'vitest.ts'),
  servers: join(here, 'kit', 'servers-process.ts'),
  guardian: join(here, '..', 'redis', 'guardian.mjs'),
  'sentinel-thread': join(here, 'standby', 'sentinel-thread.ts'),
}

/** Built once and kept under a name made of all that it was made from, so it can never be out of date. */
export async function buildRuntime(root: string): Promise<Runtime> {
  const folder = join(cacheFolder(root), `runtime-${fingerprint(root)}`)
  if (!existsSync(join(folder, 'standby.mjs'))) await build(root, folder)
  return {
    standby: join(folder, 'standby.mjs'),
    kitUrl: pathToFileURL(join(folder, 'kit.mjs')).href,
    vitestUrl: pathToFileURL(join(folder, 'vitest.mjs')).href,
  }
}

async function build(root: string, folder: string): Promise<void> {
  const { build: bundle } = await import('esbuild')
  const resolvePackage = packageResolver(root)
  const made = `${folder}.${process.pid}.tmp`
  await bundle({
    entryPoints: ENTRIES,
    outdir: made,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    keepNames: true,
    logLevel: 'silent',
    plugins: [
      {
        name: 'packages',
        setup(plugin) {
          plugin.onResolve({ filter: /^ioredis$/ }, ({ path }) => ({
            path: resolvePackage(path) ?? path,
            external: true,
          }))
          plugin.onResolve({ filter: /^vitest$/ }, () => ({ path: ENTRIES.vitest }))
        },
      },
    ],
  })
  try {
    renameSync(made, folder)
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    if (!existsSync(join(folder, 'standby.mjs'))) throw error // else another process was quicker
  }
}

function fingerprint(root: string): string {
  const hash = createHash('sha256').update(`${process.version} ${root}`)
  for (const folder of ['.', 'kit', 'standby', '../redis']) {
    for (const entry of readdirSync(join(here, folder), { withFileTypes: true })) {
      if (!entry.isFile()) continue
      hash.update(entry.name).update(readFileSync(join(here, folder, entry.name)))
    }
  }
  for (const name of ['ioredis', '@vitest/runner', '@vitest/expect']) {
    const manifest = join(root, 'node_modules', name, 'package.json')
    if (existsSync(manifest)) hash.update(readFileSync(manifest))
  }
  return hash.digest('hex').slice(0, 16)
}
