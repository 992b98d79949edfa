// Plain JavaScript: it runs before anything can read TypeScript.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { moduleOptions } from '../common/module-options.mjs'

const oldMs = 24 * 60 * 60 * 1000

/**
 * The program as plain JavaScript in a few files, built when the source has changed and kept under a name made from
 * it. A TypeScript loader takes some four milliseconds for each of a hundred files on every start; this takes that
 * time once. Undefined where the build can't be kept (a read-only folder); then the sources work as well.
 */
export async function builtProgram(root) {
  const source = join(root, 'src')
  const cache = join(root, '.eventlings', 'cache')
  const folder = join(cache, `program-${fingerprint(source)}`)
  const main = join(folder, 'main.mjs')
  try {
    if (!existsSync(main)) await build(source, cache, folder)
  } catch {
    // Another terminal may have been faster.
  }
  return existsSync(main) ? pathToFileURL(main).href : undefined
}

/** Names, sizes and times, not contents, because this runs on every start. */
function fingerprint(source) {
  const hash = createHash('sha256').update(process.version)
  for (const name of readdirSync(source, { recursive: true }).sort()) {
    if (!/\.(ts|tsx|mjs)$/.test(name)) continue
    const { size, mtimeMs } = statSync(join(source, name))
    hash.update(`${name} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}

async function build(source, cache, folder) {
  mkdirSync(cache, { recursive: true })
  const esbuild = await import('esbuild')
  const made = `${folder}.${process.pid}.tmp`
  try {
    await esbuild.build({
      entryPoints: { main: join(source, 'cli', 'main.ts') },
      outdir: made,
      ...moduleOptions,
      // Code used by a single command stays in its own file, so that `list` doesn't load `check`.
      splitting: true,
      packages: 'external',
      sourcemap: true,
      sourcesContent: false,
      define: { 'import.meta.url': 'urlOfSource' },
      plugins: [{ name: 'places', setup: keepPlaces }],
    })
    renameSync(made, folder)
  } finally {
    rmSync(made, { recursive: true, force: true })
    await esbuild.stop()
  }
  removeOld(cache, folder)
}

/** A file that looks for its neighbors through `import.meta.url` finds them where its source is. */
export function keepPlaces(plugin) {
  plugin.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
    const text = await readFile(path, 'utf8')
    if (!text.includes('import.meta.url')) return undefined
    // On the first line, so that no other line moves. Replaced by name, because the words may also appear in a string
    // or a comment.
    const own = `const urlOfSource = ${JSON.stringify(pathToFileURL(path).href)}; `
    return { contents: own + text, loader: 'ts' }
  })
}

/** Not at once: another terminal may still be running the previous build. */
function removeOld(cache, current) {
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name)
    if (!name.startsWith('program-') || folder === current) continue
    if (Date.now() - statSync(folder).mtimeMs > oldMs) rmSync(folder, { recursive: true, force: true })
  }
}
