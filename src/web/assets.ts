import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Metafile } from 'esbuild'
import type { Context, Hono } from 'hono'
import { compress } from 'hono/compress'
import { etag } from 'hono/etag'
import { prebuilt, projectRoot } from '../common/own-folder.ts'

interface Asset {
  readonly body: string
  readonly type: string
}

/** The files that pages load, by name: `reader.js`, `slides.css`. No other file is served. */
export type Assets = ReadonlyMap<string, Asset>

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#a3361f"/><g stroke="#fff" stroke-width="3" stroke-linecap="round"><path d="M7 10h18M7 16h12M7 22h7"/></g></svg>`

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}

/** Files in client/ and in styles/. */
export interface AssetNames {
  readonly client: readonly string[]
  readonly styles: readonly string[]
}

export const lessonAssets: AssetNames = {
  client: ['reader.tsx', 'slides.tsx'],
  styles: ['reader.css', 'slides.css'],
}
/** The editor is a file of its own, because the page loads it after the text. */
export const workbenchAssets: AssetNames = {
  client: ['workbench.tsx', 'editor.ts'],
  styles: ['workbench.css'],
}
export const classAssets: AssetNames = { client: ['class.tsx'], styles: ['class.css'] }

const bundled = new Map<AssetNames, Promise<Assets>>()

/** Bundles scripts and styles in memory, from their sources, once in a process. In the package they're bundled already. */
export async function bundleAssets(...sets: readonly AssetNames[]): Promise<Assets> {
  const all = await Promise.all(
    sets.map((names) => {
      const known = bundled.get(names) ?? bundle(names)
      bundled.set(names, known)
      known.catch(() => bundled.delete(names)) // the next one tries again
      return known
    }),
  )
  return new Map(all.flatMap((assets) => [...assets]))
}

async function bundle(names: AssetNames): Promise<Assets> {
  const built = prebuilt('web')
  const texts = built === undefined ? (await buildAssets(names)).texts : await readAssets(names, built)
  const assets = [...texts].map(([name, body]): [string, Asset] => [
    name,
    { body, type: types[path.extname(name)] ?? 'text/plain' },
  ])
  return new Map([...assets, ['icon.svg', { body: icon, type: 'image/svg+xml' }]])
}

type Texts = ReadonlyMap<string, string>

async function readAssets({ client, styles }: AssetNames, folder: string): Promise<Texts> {
  const names = [...client.map((name) => name.replace(/\.tsx?$/, '.js')), ...styles]
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(path.join(folder, name), 'utf8')] as const),
    ),
  )
}

/** The bundled files by name, and what esbuild says about where they came from. */
export async function buildAssets(
  names: AssetNames,
): Promise<{ readonly texts: Texts; readonly metafile: Metafile }> {
  const { build } = await import('esbuild')
  const folder = path.join(projectRoot(), 'src', 'web')
  const { outputFiles, metafile } = await build({
    entryPoints: [
      ...names.client.map((name) => path.join(folder, 'client', name)),
      ...names.styles.map((name) => path.join(folder, 'styles', name)),
    ],
    absWorkingDir: projectRoot(),
    outdir: folder,
    entryNames: '[name]',
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    // Features that newer browsers have and older ones can do without are left as they are.
    supported: { nesting: true },
    logLevel: 'silent',
  })
  return { texts: new Map(outputFiles.map(({ path: file, text }) => [path.basename(file), text])), metafile }
}

export function serveAssets(app: Hono, assets: Assets): void {
  app.use('/assets/*', compress(), etag())
  app.get('/assets/:name', (context: Context) => {
    const asset = assets.get(context.req.param('name') ?? '')
    if (asset === undefined) return context.text("That file doesn't exist.", 404)
    // A restart may bring new files under the same names, so browsers ask each time; mostly nothing has changed.
    return context.body(asset.body, 200, { 'content-type': asset.type, 'cache-control': 'no-cache' })
  })
}
