import type { OnResolveArgs, OnResolveResult, Plugin } from 'esbuild'
import type { SnippetGuard } from '../check/index.ts'
import { packageResolver } from '../common/packages.ts'
import { builtFile } from '../course/files.ts'

export interface Script {
  readonly root: string
  /** TypeScript; its imports are resolved as in workspace/. */
  readonly contents: string
  /**
   * The folder of the learner's answers to use for `#built/…` where there are any; undefined for the model solutions.
   */
  readonly mine: string | undefined
  /** For code that isn't the course's. */
  readonly guard?: SnippetGuard | undefined
}

/** One script, or the reason there isn't one. */
export type ScriptBundle =
  | { readonly ok: true; readonly script: string }
  /** The line in the invalid file, where esbuild reports one. */
  | { readonly ok: false; readonly problem: string; readonly line: number | undefined }

/** Code with everything it imports in one script, to run in its own process. */
export async function bundleScript({ root, contents, mine, guard }: Script): Promise<ScriptBundle> {
  const { build } = await import('esbuild')
  try {
    const result = await build({
      stdin: { contents, resolveDir: root, loader: 'ts' },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      keepNames: true,
      logLevel: 'silent',
      plugins: [...(guard ? [guarded(guard)] : []), importsFrom(root, mine)],
    })
    return { ok: true, script: result.outputFiles[0]?.text ?? '' }
  } catch (error) {
    const [first] = (error as { errors?: readonly Message[] }).errors ?? []
    if (first === undefined) throw error
    return { ok: false, problem: first.text, line: first.location?.line }
  }
}

/** Refuses what the learner's code may not import, and gives everything the guarded client. */
function guarded({ ioredisUrl, guardUrl, mayImport }: SnippetGuard): Plugin {
  const resolve = ({ path, importer }: OnResolveArgs): OnResolveResult | undefined => {
    if (path === guardUrl) return { path, external: true }
    if (path === 'ioredis') return { path: ioredisUrl, external: true }
    if (importer !== '<stdin>' || mayImport(path)) return undefined
    const text = `A snippet that you've edited can't import ${path}. It can import ioredis, #built/…, and most of Node's own modules.`
    return { errors: [{ text }] }
  }
  return { name: 'guard', setup: (plugin) => plugin.onResolve({ filter: /.*/ }, resolve) }
}

/** Imports of code that runs from a cache folder: `#built/…` as in workspace/, packages as in the project's root. */
function importsFrom(root: string, mine: string | undefined): Plugin {
  const resolvePackage = packageResolver(root)
  return {
    name: 'imports',
    setup(plugin) {
      // Done here, because esbuild takes a `*` in a path for a pattern.
      plugin.onResolve({ filter: /^([/\\]|[A-Za-z]:[/\\])/ }, ({ path }) => ({ path }))
      plugin.onResolve({ filter: /^#built\// }, ({ path }) => ({
        path: builtFile(root, path.slice('#built/'.length), mine),
      }))
      plugin.onResolve({ filter: /^[a-z@]/ }, ({ path }) => ({
        path: resolvePackage(path) ?? path,
        external: true,
      }))
    },
  }
}

/** The part of esbuild's message that is read. */
interface Message {
  readonly text: string
  readonly location: { readonly line: number } | null
}
