import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Token } from 'markdown-it'
import { parseMarkdown } from '../markdown/parse.ts'
import { anchorOf } from '../markdown/tokens.ts'

/** What's wrong with the links of a lesson. Web addresses aren't tried. */
export async function problemsOfLinks(tokens: readonly Token[], file: string): Promise<readonly string[]> {
  const targets = tokens.flatMap(targetsIn)
  const problems = await Promise.all([...new Set(targets)].map((target) => problemOf(target, tokens, file)))
  return problems.filter((problem) => problem !== undefined)
}

async function problemOf(
  target: string,
  tokens: readonly Token[],
  file: string,
): Promise<string | undefined> {
  if (/^(https?:|mailto:)/.test(target)) return undefined
  if (/^([a-z][a-z+.-]*:|\/)/i.test(target)) {
    return `The link ${target} works on one machine only. Use https://… or a path relative to lessons/.`
  }
  const [name = '', fragment] = target.split('#')
  const linked = path.resolve(path.dirname(file), decodeURI(name))
  if (name !== '' && !existsSync(linked)) return `The link ${target} leads to a file that doesn't exist.`
  if (!fragment || !(name === '' || name.endsWith('.md'))) return undefined
  const text = name === '' ? tokens : await parseMarkdown(await readFile(linked, 'utf8'))
  if (headingsIn(text).includes(decodeURI(fragment))) return undefined
  return `The link ${target} leads to a heading that doesn't exist.`
}

function targetsIn(token: Token): readonly string[] {
  const attribute = token.type === 'link_open' ? 'href' : token.type === 'image' ? 'src' : undefined
  const own = attribute === undefined ? null : token.attrGet(attribute)
  return [...(own === null ? [] : [String(own)]), ...(token.children ?? []).flatMap(targetsIn)]
}

function headingsIn(tokens: readonly Token[]): readonly string[] {
  // A heading opens, and the next token is its content.
  const titles = tokens.filter((_, index) => tokens[index - 1]?.type === 'heading_open')
  return titles.map(({ content }) => anchorOf(content))
}
