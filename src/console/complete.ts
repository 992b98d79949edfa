import { DOT_COMMANDS } from './about.ts'

const MOST = 100

/** Commands and functions for the first word, keys for later words, entity IDs after `.events` and `.state`. */
export async function completions(
  line: string,
  commands: readonly string[],
  functions: readonly string[],
  keys: () => Promise<readonly string[]>,
): Promise<readonly [readonly string[], string]> {
  const [, before = '', word = ''] = /^(.*?)([^\s(]*)$/s.exec(line) ?? []
  const starting = (all: readonly string[]) => all.filter((one) => one.startsWith(word)).slice(0, MOST)
  if (before.trim() === '') {
    if (word.startsWith('.')) return [starting(DOT_COMMANDS).map((name) => `${name} `), word]
    // Lowercase input gets lowercase completions.
    const isSmall = word !== '' && word === word.toLowerCase()
    const named = commands.map((name) => (isSmall ? name.toLowerCase() : name))
    return [
      [...starting(functions).map((name) => `${name}(`), ...starting(named).map((name) => `${name} `)],
      word,
    ]
  }
  if (/^\s*\.?(help|\?)\s+$/.test(before))
    return [commands.filter((name) => name.startsWith(word.toUpperCase())), word]
  const all = await keys()
  if (!/^\s*\.(events|state)\s+$/.test(before)) return [starting(all), word]
  const ids = all.map((key) => key.slice(key.lastIndexOf(':') + 1))
  return [starting([...new Set(ids)]), word]
}
