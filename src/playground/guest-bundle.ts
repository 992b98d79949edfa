import { guestImports } from './guest-imports.ts'

export interface GuestCode {
  readonly root: string
  /** TypeScript; its imports are resolved as in workspace/. */
  readonly contents: string
  /** The folder of the learner's answers to take for `#built/…` where there are any; undefined for the model ones. */
  readonly mine: string | undefined
}

/** One script, or why there is none. */
export type GuestBundle =
  | { readonly ok: true; readonly script: string }
  /** The line is that of the file that cannot be read, where esbuild tells one. */
  | { readonly ok: false; readonly problem: string; readonly line: number | undefined }

/** Code with all that it imports in one script, to be run in a process of its own. */
export async function bundleGuest({ root, contents, mine }: GuestCode): Promise<GuestBundle> {
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
      plugins: [guestImports(root, mine)],
    })
    return { ok: true, script: result.outputFiles[0]?.text ?? '' }
  } catch (error) {
    const [first] = (error as { errors?: readonly Message[] }).errors ?? []
    if (first === undefined) throw error
    return { ok: false, problem: first.text, line: first.location?.line }
  }
}

/** As far as it is read of esbuild's own. */
interface Message {
  readonly text: string
  readonly location: { readonly line: number } | null
}
