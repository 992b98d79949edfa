import type { HighlighterCore } from 'shiki/core'
import type { Palette } from './palette.ts'
import type { Line } from './text.ts'
import { span } from './text.ts'

type Language = 'typescript' | 'redis' | 'bash' | 'json' | 'lua' | 'diff'

const languages: Readonly<Record<string, Language>> = {
  ts: 'typescript',
  typescript: 'typescript',
  redis: 'redis',
  bash: 'bash',
  sh: 'bash',
  json: 'json',
  lua: 'lua',
  diff: 'diff',
}

/**
 * One for the whole program, because creating it costs more than coloring all lessons. Languages are added when they
 * first occur.
 */
let highlighter: Promise<HighlighterCore> | undefined

/**
 * The lines of a code block, colored. `info` is the text after the fence; its first word is the language. Without
 * colors, or in an unknown language, the lines are plain.
 */
export async function highlight(code: string, info: string, palette: Palette): Promise<readonly Line[]> {
  const lines = code.replaceAll('\r\n', '\n').replace(/\n$/, '').split('\n')
  const language = languages[info.trim().split(/\s+/)[0]?.toLowerCase() ?? '']
  if (!palette.colours || language === undefined) return lines.map((line) => [span(line)])
  const [{ stylesOf }, shiki] = await Promise.all([import('./code-theme.ts'), highlighterFor(language)])
  // Without a time limit, because on a busy machine the grammar needs half a second for the first line, which would
  // then stay plain.
  const look = { lang: language, theme: 'terminal', tokenizeTimeLimit: 0 } as const
  const { tokens } = shiki.codeToTokens(lines.join('\n'), look)
  return tokens.map((line) => line.map(({ content, color }) => span(content, ...stylesOf(color))))
}

async function highlighterFor(language: Language): Promise<HighlighterCore> {
  highlighter ??= createHighlighter()
  const shiki = await highlighter
  if (!shiki.getLoadedLanguages().includes(language)) await shiki.loadLanguage(await grammar(language))
  return shiki
}

async function createHighlighter(): Promise<HighlighterCore> {
  const [{ createHighlighterCore }, { createOnigurumaEngine }, { codeTheme }] = await Promise.all([
    import('shiki/core'),
    import('shiki/engine/oniguruma'),
    import('./code-theme.ts'),
  ])
  return createHighlighterCore({
    engine: createOnigurumaEngine(import('shiki/wasm')),
    themes: [codeTheme],
    langs: [],
  })
}

async function grammar(language: Language) {
  switch (language) {
    case 'typescript':
      return (await import('shiki/langs/typescript.mjs')).default
    case 'bash':
      return (await import('shiki/langs/bash.mjs')).default
    case 'json':
      return (await import('shiki/langs/json.mjs')).default
    case 'lua':
      return (await import('shiki/langs/lua.mjs')).default
    case 'diff':
      return (await import('shiki/langs/diff.mjs')).default
    case 'redis':
      return (await import('./redis-grammar.ts')).redisGrammar
  }
}
