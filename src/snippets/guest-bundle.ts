import { guestImports } from './guest-imports.ts'

export interface GuestCode {
  readonly root: string
  /** TypeScript; its imports are resolved as in workspace/. */
  readonly contents: string
  /**
   * The folder of the learner's answers to use for `#built/…` where there are any; undefined for the model answers.
   */
  readonly mine: string | undefined
}

/** One script, or the reason there isn't one. */
export type GuestBundle =
  | { readonly ok: true; readonly script: string }
  /** The line in the invalid file, where esbuild reports one. */
  | { readonly ok: false; readonly problem: string; readonly line: number | undefined }

/** Code with everything it imports in one script, to run in its own process. */
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

/** The part of esbuild's message that is read. */
interface Message {
  readonly text: string
  readonly location: { readonly line: number } | null
}
