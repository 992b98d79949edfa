import type { SyntaxProblem } from './protocol.ts'

/** The first thing in an answer that doesn't parse; undefined if all of it does. */
export async function syntaxError(text: string): Promise<SyntaxProblem | undefined> {
  const { transform } = await import('esbuild')
  try {
    await transform(text, { loader: 'ts', format: 'esm', logLevel: 'silent' })
    return undefined
  } catch (error) {
    const [first] = (error as { readonly errors?: readonly EsbuildError[] }).errors ?? []
    return first && { line: first.location?.line ?? 1, message: first.text }
  }
}

interface EsbuildError {
  readonly text: string
  readonly location: { readonly line: number } | null
}
