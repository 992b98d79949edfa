import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Metafile, OnLoadResult } from 'esbuild'
import { cacheFolder, pruneCache } from '../../common/cache-folder.ts'
import { moduleOptions, requireBanner } from '../../common/module-options.mjs'
import { prebuilt, projectRoot } from '../../common/own-folder.ts'

/**
 * The built kit and worker: plain JavaScript that bare Node starts in a fraction of the time a TypeScript loader
 * takes.
 */
export interface Runtime {
  readonly worker: string
  /** URLs that a bundled suite imports instead of `#kit` and `vitest`. */
  readonly kitUrl: string
  readonly vitestUrl: string
  /** The one client library that the kit and the answer share. */
  readonly ioredisUrl: string
  /** What a snippet that the learner has edited imports first. */
  readonly snippetGuardUrl: string
}

/** src/check */
const check = join(dirname(fileURLToPath(import.meta.url)), '..')
const ENTRIES = {
  worker: join(check, 'worker', 'main.ts'),
  kit: join(check, 'kit', 'index.ts'),
  vitest: join(check, 'worker', 'vitest.ts'),
  'snippet-guard': join(check, 'worker', 'snippet-guard.ts'),
  servers: join(check, 'kit', 'servers', 'servers-process.ts'),
  guardian: join(check, '..', 'redis', 'guardian.mjs'),
  'watchdog-thread': join(check, 'worker', 'watchdog-thread.ts'),
}

/**
 * Builds once and keeps the result under a name made from its sources, so it can't be out of date. The package comes
 * with a build.
 */
export async function buildRuntime(root: string): Promise<Runtime> {
  const folder = prebuilt('check') ?? (await builtFolder(root))
  pruneCache(join(cacheFolder(root), 'run'), () => true)
  return {
    worker: join(folder, 'worker.mjs'),
    kitUrl: pathToFileURL(join(folder, 'kit.mjs')).href,
    vitestUrl: pathToFileURL(join(folder, 'vitest.mjs')).href,
    ioredisUrl: pathToFileURL(join(folder, 'ioredis.mjs')).href,
    snippetGuardUrl: pathToFileURL(join(folder, 'snippet-guard.mjs')).href,
  }
}

async function builtFolder(root: string): Promise<string> {
  const folder = join(cacheFolder(root), `runtime-${fingerprint(projectRoot())}`)
  if (existsSync(join(folder, 'worker.mjs'))) return folder
  pruneCache(cacheFolder(root), (name) => name.startsWith('runtime-') && name !== basename(folder))
  const made = `${folder}.${randomUUID()}.tmp` // several builds may run at once, even in one process
  await bundleRuntime(projectRoot(), made) // not the course's folder, which may have no packages
  try {
    renameSync(made, folder)
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    if (!existsSync(join(folder, 'worker.mjs'))) throw error // otherwise another process was faster
  }
  return folder
}

/** Writes the runtime to `outdir`, with the packages that the project at `root` has. */
export async function bundleRuntime(root: string, outdir: string): Promise<Metafile> {
  const { build } = await import('esbuild')
  const { metafile } = await build({
    entryPoints: { ...ENTRIES, ioredis: 'ioredis' },
    outdir,
    absWorkingDir: root,
    metafile: true,
    ...moduleOptions,
    splitting: true,
    banner: { js: requireBanner },
    plugins: [
      {
        name: 'packages',
        setup(plugin) {
          plugin.onResolve({ filter: /^ioredis$/ }, ({ path }) => ({ path, namespace: 'client' }))
          plugin.onLoad({ filter: /.*/, namespace: 'client' }, () => ioredis(root))
          plugin.onResolve({ filter: /^vitest$/ }, () => ({ path: ENTRIES.vitest }))
        },
      },
    ],
  })
  return metafile
}

/** ioredis is a hundred CommonJS files, and loading them one by one took half of a worker's startup time. */
function ioredis(root: string): OnLoadResult {
  const require = createRequire(join(root, 'package.json'))
  const names = Object.keys(require('ioredis')).filter((name) => name !== 'default')
  const lines = [
    `const ioredis = require(${JSON.stringify(require.resolve('ioredis'))})`,
    'export default ioredis',
    ...names.map((name) => `export const ${name} = ioredis.${name}`),
  ]
  return { contents: lines.join('\n'), loader: 'js', resolveDir: root }
}

function fingerprint(root: string): string {
  const hash = createHash('sha256').update(`${process.version} ${root}`)
  for (const folder of ['.', 'host', 'kit', 'worker', '../redis', '../recording', '../common']) {
    for (const entry of readdirSync(join(check, folder), {
      withFileTypes: true,
      recursive: folder !== '.',
    })) {
      if (!entry.isFile()) continue
      hash.update(entry.name).update(readFileSync(join(entry.parentPath, entry.name)))
    }
  }
  for (const name of ['ioredis', '@jest/expect-utils']) {
    const manifest = join(root, 'node_modules', name, 'package.json')
    if (existsSync(manifest)) hash.update(readFileSync(manifest))
  }
  return hash.digest('hex').slice(0, 16)
}
