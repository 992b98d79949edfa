import type { PluginBuild } from 'esbuild'
import { builtFile } from '../../course/files.ts'
import { BadLessonError, type Course, type Lesson } from '../../course/index.ts'

/** How the events of an entity become its state, as the model solution does it. */
export interface ModelFold {
  /** The key of its events, with `*` for its ID. */
  readonly keys: string
  /** The name of the function. */
  readonly by: string
  apply(state: unknown, event: unknown): unknown
}

/**
 * The function that a lesson's front matter names under `fold`, from the solution of that lesson or of one that it builds
 * on; undefined if it names none. Throws BadLessonError.
 */
export async function modelFold(course: Course, lesson: Lesson): Promise<ModelFold | undefined> {
  if (lesson.fold === undefined) return undefined
  const { keys, by } = lesson.fold
  const bad = (problem: string) => new BadLessonError(`lessons/${lesson.slug}.md`, 'fold', problem)
  const slug = await exporting(by, course, lesson)
  if (slug === undefined) throw bad(`Neither this lesson nor one that it builds on exports ${by}.`)
  const { fold } = await loaded(course.root, slug, by).catch((error: unknown) => {
    throw bad(`The solution to ${slug} can't be loaded: ${error instanceof Error ? error.message : error}`)
  })
  if (typeof fold !== 'function') throw bad(`${by} in the solution to ${slug} isn't a function.`)
  return { keys, by, apply: (state, event) => fold(state, event) }
}

async function loaded(root: string, slug: string, name: string): Promise<{ readonly fold?: unknown }> {
  const code = await bundled(root, slug, name)
  return await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)
}

/** The lesson itself or, of those that it builds on, the nearest. */
async function exporting(name: string, course: Course, lesson: Lesson): Promise<string | undefined> {
  const waiting = [lesson.slug]
  const seen = new Set<string>()
  for (let slug = waiting.shift(); slug !== undefined; slug = waiting.shift()) {
    if (seen.has(slug)) continue
    seen.add(slug)
    const { exports, after } = slug === lesson.slug ? lesson : await course.lesson(slug)
    if (exports.includes(name)) return slug
    waiting.push(...[...after].sort().reverse())
  }
  return undefined
}

/** Only the function and what it needs. It's pure, so it needs no package. */
async function bundled(root: string, slug: string, name: string): Promise<string> {
  const { build } = await import('esbuild')
  const from = builtFile(root, slug, undefined)
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${name} as fold } from ${JSON.stringify(from)}`,
      resolveDir: root,
      loader: 'ts',
    },
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    tsconfigRaw: {},
    plugins: [{ name: 'model', setup: (plugin) => resolveModel(plugin, root) }],
  })
  return outputFiles[0]?.text ?? ''
}

function resolveModel(plugin: PluginBuild, root: string): void {
  plugin.onResolve({ filter: /^#built\// }, ({ path }) => ({
    path: builtFile(root, path.slice('#built/'.length), undefined),
  }))
  // Whatever isn't used is left out.
  plugin.onResolve({ filter: /^[^#./]/ }, ({ path, kind }) =>
    kind === 'entry-point' ? undefined : { path, external: true, sideEffects: false },
  )
}
