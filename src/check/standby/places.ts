import { fileURLToPath } from 'node:url'

/** The first line of a stack that lies in the answer, after source maps. */
export function placeIn(
  stack: string | undefined,
  answer: string,
): { file: string; line: number } | undefined {
  if (stack === undefined) return undefined
  for (const frame of stack.split('\n')) {
    const found = /((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*?):(\d+):\d+\)?\s*$/.exec(
      frame.replace(/^.*\(/, '').replace(/^\s*at (async )?/, ''),
    )
    const [, where, line] = found ?? []
    if (where === undefined || line === undefined) continue
    const file = where.startsWith('file:') ? fileURLToPath(where) : where
    if (file === answer) return { file, line: Number(line) }
  }
  return undefined
}

/** Where `name` is defined in the answer's text; the place to look when no stack tells. */
export function definitionOf(name: string, source: string): number | undefined {
  const plain = /^[\w$]+/.exec(name.replace(/^.*\./, ''))?.[0]
  if (plain === undefined) return undefined
  const pattern = new RegExp(
    `(?:function\\*?|const|let|class|async|static)\\s+${plain}\\b|^\\s*(?:readonly\\s+)?${plain}\\s*[(=<]`,
  )
  const index = source.split('\n').findIndex((line) => pattern.test(line))
  return index === -1 ? undefined : index + 1
}
