import { existsSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuildOptions, Loader, Message, OnResolveArgs, OnResolveResult, PluginBuild } from 'esbuild'
import { ownFolder } from '../../common/own-folder.ts'
import { declaredPackages, packageOf, packageResolver } from '../../common/packages.ts'
import { self } from '../../common/self.ts'
import { shownPath } from '../../common/shown-path.ts'
import { builtFile } from '../../course/files.ts'
import type { Problem } from '../es-module.ts'
import { usesCommonJsExports } from '../es-module.ts'
import { readAnswer } from './answer-file.ts'
import { explainProblem } from './explain-problem.ts'
import { judgeImport } from './import-policy.ts'
import type { Runtime } from './runtime.ts'

export interface BundleInput {
  readonly root: string
  readonly runtime: Runtime
  readonly slug: string
  readonly suite: string
  /** Absolute path and text of the answer. This text is what runs, even if the file changes in the meantime. */
  readonly answer: { readonly path: string; readonly text: string }
  /** The folder of the learner's own answers to build on, where they exist; undefined for the model solutions. */
  readonly mine: string | undefined
  /** A lesson whose model solution is used even so. */
  readonly modelOf?: string | undefined
  /** Where the script will be: its source map names the sources relative to that folder. */
  readonly outfile: string
}

export type Bundle = Learners &
  ({ readonly ok: true; readonly code: string } | { readonly ok: false; readonly problem: Problem })

/** Absolute paths of the files that the learner wrote. */
interface Learners {
  /** The answer and everything it imports, wherever those files are. */
  readonly files: readonly string[]
  /** The ones from earlier lessons. */
  readonly builtOn: readonly string[]
}

/**
 * The same for every answer, wherever its file is: an import used only as a type is dropped, as TypeScript does by
 * default.
 */
const TSCONFIG: BuildOptions['tsconfigRaw'] = {
  compilerOptions: { target: 'es2023', useDefineForClassFields: true, verbatimModuleSyntax: false },
}

/** Bundles suite and answer into one script. */
export async function bundleAnswer(input: BundleInput): Promise<Bundle> {
  const { build } = await import('esbuild')
  const files = new Set([input.answer.path])
  const builtOn = new Set<string>()
  const learners = () => ({ files: [...files], builtOn: [...builtOn] })
  try {
    const result = await build({
      stdin: {
        contents: `export * as answer from '#lesson/${input.slug}'\nimport ${JSON.stringify(input.suite)}\n`,
        resolveDir: dirname(input.suite),
        sourcefile: 'check-entry.ts',
        loader: 'ts',
      },
      absWorkingDir: input.root,
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      keepNames: true,
      sourcemap: 'inline',
      sourcesContent: false,
      metafile: true,
      tsconfigRaw: TSCONFIG,
      outfile: input.outfile,
      logLevel: 'silent',
      plugins: [{ name: 'eventlings', setup: (plugin) => resolveFor(plugin, input, files, builtOn) }],
    })
    for (const [path, { format }] of Object.entries(result.metafile.inputs)) {
      if (format !== 'cjs' || !files.has(resolve(input.root, path))) continue
      const problem = usesCommonJsExports(resolve(input.root, path), input.answer)
      return { ok: false, problem, ...learners() }
    }
    return { ok: true, code: result.outputFiles[0]?.text ?? '', ...learners() }
  } catch (error) {
    const messages = (error as { errors?: readonly Message[] }).errors
    if (messages?.[0] === undefined) throw error
    return { ok: false, problem: explainProblem(messages[0], input), ...learners() }
  }
}

function resolveFor(plugin: PluginBuild, input: BundleInput, files: Set<string>, builtOn: Set<string>): void {
  const { root, runtime, slug, answer, mine, modelOf } = input
  const resolvePackage = packageResolver(root)
  const declared = declaredPackages(root)
  const guest = (path: string): OnResolveResult => {
    files.add(path)
    return { path }
  }

  plugin.onResolve({ filter: /.*/ }, (args): OnResolveResult | undefined | Promise<OnResolveResult> => {
    if (args.kind === 'entry-point' || args.pluginData === 'inner') return undefined
    return files.has(args.importer) ? fromAnswer(args) : fromUs(args.path)
  })

  function fromUs(path: string): OnResolveResult | undefined {
    if (path === '#kit') return { path: runtime.kitUrl, external: true }
    if (path === 'vitest') return { path: runtime.vitestUrl, external: true }
    if (path === 'ioredis') return { path: runtime.ioredisUrl, external: true }
    if (path === `#lesson/${slug}`) return guest(answer.path)
    if (path.startsWith('#lesson/')) return built(path.slice('#lesson/'.length))
    if (path.startsWith('#built/')) return built(path.slice('#built/'.length))
    if (/^([./\\]|[A-Za-z]:)/.test(path)) return undefined
    return { path: resolvePackage(path) ?? path, external: true }
  }

  function built(of: string): OnResolveResult {
    const path = builtFile(root, of, of === modelOf ? undefined : mine)
    if (isOurs(path)) return { path }
    builtOn.add(path)
    return guest(path)
  }

  function fromAnswer(args: OnResolveArgs): OnResolveResult | Promise<OnResolveResult> {
    if (args.kind === 'require-call') return { errors: [{ text: args.path, detail: 'require' }] }
    const verdict = judgeImport(args.path)
    switch (verdict.kind) {
      case 'refused':
        return { errors: [{ text: verdict.why, detail: 'policy' }] }
      case 'builtin':
        return { path: args.path, external: true }
      case 'built': {
        if (verdict.slug >= slug) {
          return missing(
            `Your file imports \`${args.path}\`. An answer can build on earlier lessons only, not on its own or a later one.`,
          )
        }
        const file = built(verdict.slug)
        if (existsSync(file.path ?? '')) return file
        return missing(
          `Your file imports \`${args.path}\`, but there's no lesson with that name. Run \`${self} list\` to see the lessons.`,
        )
      }
      case 'package': {
        if (args.path === 'ioredis') return { path: runtime.ioredisUrl, external: true }
        const path = declared.has(packageOf(args.path)) ? resolvePackage(args.path) : undefined
        if (path !== undefined) return { path, external: true }
        return missing(
          `Your file imports the package \`${args.path}\`, which isn't installed here. An answer needs only \`ioredis\` and Node's own modules.`,
        )
      }
      case 'relative':
        return beside(args)
    }
  }

  async function beside(args: OnResolveArgs): Promise<OnResolveResult> {
    const folder = dirname(args.importer)
    const found = await plugin.resolve(args.path, {
      kind: args.kind,
      importer: args.importer,
      resolveDir: folder,
      pluginData: 'inner',
    })
    if (found.errors.length > 0) {
      return missing(
        `Your file imports \`${args.path}\`, but there's no such file in \`${shownPath(folder, ownFolder(root))}/\`.`,
      )
    }
    if (isOurs(found.path)) {
      return missing(
        `Your file imports \`${args.path}\`, which is part of the course. An answer can import \`ioredis\`, \`node:\` modules, other files in \`workspace/\`, and \`#built/…\`.`,
      )
    }
    return guest(found.path)
  }

  function isOurs(path: string): boolean {
    const folders = ['src', 'dist', 'test', 'solutions', 'exercises', 'lessons'].map((name) =>
      join(root, name),
    )
    return [...folders, join(ownFolder(root), '.eventlings')].some((folder) =>
      resolve(path).startsWith(folder + sep),
    )
  }

  plugin.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
    if (!files.has(path)) return undefined
    const file =
      path === answer.path
        ? { ok: true as const, ...answer }
        : await readAnswer(path, shownPath(path, ownFolder(root)))
    if (!file.ok) return { errors: [{ text: file.diagnosis, detail: 'policy' }] }
    // In one bundle, `import.meta` would be the bundle's.
    const contents = file.text
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
      .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
      .replaceAll('import.meta.filename', JSON.stringify(path))
    return { contents, loader: 'ts' as Loader, resolveDir: dirname(path) }
  })
}

function missing(text: string): OnResolveResult {
  return { errors: [{ text, detail: 'policy' }] }
}
