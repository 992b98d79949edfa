import path from 'node:path'
import type { Context, Hono } from 'hono'
import { projectRoot } from '../course/root.ts'

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

/**
 * Bundles scripts and styles in memory, from their sources: `client` names files in client/, `styles` those in
 * styles/.
 */
export async function bundleAssets(names: {
  readonly client: readonly string[]
  readonly styles: readonly string[]
}): Promise<Assets> {
  const { build } = await import('esbuild')
  const folder = path.join(projectRoot(), 'src', 'web')
  const { outputFiles } = await build({
    entryPoints: [
      ...names.client.map((name) => path.join(folder, 'client', name)),
      ...names.styles.map((name) => path.join(folder, 'styles', name)),
    ],
    outdir: folder,
    entryNames: '[name]',
    bundle: true,
    write: false,
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
  const assets = outputFiles.map(({ path: file, text }): [string, Asset] => [
    path.basename(file),
    { body: text, type: types[path.extname(file)] ?? 'text/plain' },
  ])
  return new Map([...assets, ['icon.svg', { body: icon, type: 'image/svg+xml' }]])
}

export function serveAssets(app: Hono, assets: Assets): void {
  app.get('/assets/:name', (context: Context) => {
    const asset = assets.get(context.req.param('name') ?? '')
    if (asset === undefined) return context.text("That file doesn't exist.", 404)
    // A restart may bring new files under the same names.
    return context.body(asset.body, 200, { 'content-type': asset.type, 'cache-control': 'no-cache' })
  })
}
