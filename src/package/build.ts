import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { build, type Metafile } from 'esbuild'
import { bundleRuntime } from '../check/host/runtime.ts'
import { moduleOptions, requireBanner } from '../common/module-options.mjs'
import { buildAssets, classAssets, lessonAssets, workbenchAssets } from '../web/assets.ts'
import { licensesOf } from './licenses.ts'

/** What the package installs: everything else is built in. */
const INSTALLED = ['esbuild', 'ioredis', 'testcontainers']

/**
 * Builds into `dist` what the npm package has instead of the program's sources, from the clone at `root`: Node strips
 * no types below node_modules, and a learner needs none of the packages that are built in.
 */
export async function buildPackage(root: string, dist: string): Promise<void> {
  await rm(dist, { recursive: true, force: true })
  const from = (...parts: string[]) => path.join(root, 'src', ...parts)
  const shared = { ...moduleOptions, absWorkingDir: root, external: INSTALLED, metafile: true as const }
  const program = await build({
    ...shared,
    // The helpers are plain files in a clone, too, and are looked up beside the program.
    entryPoints: [
      from('cli', 'main.ts'),
      from('redis', 'guardian.mjs'),
      from('redis', 'embedded-server.mjs'),
    ],
    entryNames: '[name]',
    alias: { yaml: yamlModule(root) },
    splitting: true,
    banner: { js: requireBanner },
    minifySyntax: true,
    minifyWhitespace: true,
    outdir: path.join(dist, 'program'),
  })
  assertNamesSurvive(program.metafile)
  await copyLua(root, path.join(dist, 'program'))
  const console = await build({
    ...shared,
    entryPoints: ['end-with-parent', 'evaluator-main'].map((name) => from('console', `${name}.ts`)),
    outdir: path.join(dist, 'console'),
  })
  const check = await bundleRuntime(root, path.join(dist, 'check'))
  const web = await buildWeb(path.join(dist, 'web'))
  const metafiles: readonly Metafile[] = [program.metafile, console.metafile, check, ...web]
  await writeFile(path.join(dist, 'THIRD-PARTY.md'), await licensesOf(root, metafiles))
}

/** What Node loads by the name `yaml` is CommonJS. */
function yamlModule(root: string): string {
  const main = createRequire(path.join(root, 'package.json')).resolve('yaml')
  return path.join(path.dirname(main), '..', 'browser', 'index.js')
}

/** A CommonJS package that code imports when it needs it would arrive without its named exports. */
function assertNamesSurvive({ inputs, outputs }: Metafile): void {
  for (const { entryPoint } of Object.values(outputs)) {
    if (entryPoint === undefined || inputs[entryPoint]?.format !== 'cjs') continue
    throw new Error(`Build the package from an ES module instead of ${entryPoint}, which loses its names.`)
  }
}

/** The Lua of the embedded server, which its package looks up beside itself. */
async function copyLua(root: string, folder: string): Promise<void> {
  const server = createRequire(path.join(root, 'package.json')).resolve('js-redis-server/core')
  const lua = path.dirname(createRequire(server).resolve('lua-redis-wasm'))
  for (const name of ['redis_lua.mjs', 'redis_lua.wasm'])
    await copyFile(path.join(lua, name), path.join(folder, name))
}

async function buildWeb(folder: string): Promise<readonly Metafile[]> {
  await mkdir(folder, { recursive: true })
  const built = await Promise.all([lessonAssets, workbenchAssets, classAssets].map(buildAssets))
  for (const { texts } of built)
    for (const [name, text] of texts) await writeFile(path.join(folder, name), text)
  return built.map(({ metafile }) => metafile)
}
