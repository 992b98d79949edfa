import { parseMarkdown } from '../../markdown/parse.ts'

/** One mistake of a lesson: what is changed in a right answer, and what the check must say about it. */
export interface Mistake {
  readonly name: string
  /** The first task that must fail. */
  readonly task: string
  /** Words that must occur in its diagnosis, case-insensitive. */
  readonly says: string
  /** `solution`, or the name of a right answer; `whole` if the block is a complete file. */
  readonly base: string
  /** Why the embedded Redis doesn't show this mistake, if it doesn't; then other sources look for it. */
  readonly notOnEmbedded: string | undefined
  /** The diff, or the complete file. */
  readonly block: string
}

/** A section that isn't a valid mistake. */
export interface BrokenSection {
  readonly name: string
  /** A sentence. */
  readonly problem: string
}

/** Reads the sections of a lesson's mistakes. Text before the first one, and prose in them, is for readers only. */
export async function parseMistakes(markdown: string): Promise<readonly (Mistake | BrokenSection)[]> {
  const sections: RawSection[] = []
  let next: 'name' | 'field' | undefined
  for (const token of await parseMarkdown(markdown)) {
    if (token.type === 'heading_open' && token.tag === 'h2') next = 'name'
    if (token.type === 'list_item_open') next = 'field'
    if (token.type === 'inline') {
      if (next === 'name') sections.push({ name: token.content.trim(), fields: [], blocks: [] })
      if (next === 'field') sections.at(-1)?.fields.push(token.content)
      next = undefined
    }
    if (token.type === 'fence') {
      sections.at(-1)?.blocks.push({ language: token.info.trim(), text: token.content })
    }
  }
  const names = new Set<string>()
  return sections.map((section) => {
    const isTaken = names.has(section.name)
    names.add(section.name)
    return isTaken ? broken(section, 'There are two sections with this name.') : mistakeOf(section)
  })
}

/** The section, ending in a line break. */
export function formatMistake({ name, task, says, base, notOnEmbedded, block }: Mistake): string {
  // Longer than any row of backticks that starts a line of code.
  const longest = Math.max(2, ...[...block.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return [
    `## ${name}`,
    `- task: ${task}`,
    `- says: ${says}`,
    ...(base === 'solution' ? [] : [`- base: ${base}`]),
    ...(notOnEmbedded === undefined ? [] : [`- not on embedded: ${notOnEmbedded}`]),
    '',
    `${fence}${base === 'whole' ? 'ts' : 'diff'}`,
    `${block}${fence}`,
    '',
  ].join('\n')
}

interface RawSection {
  readonly name: string
  readonly fields: string[]
  readonly blocks: { readonly language: string; readonly text: string }[]
}

const KNOWN = ['task', 'says', 'base', 'not on embedded']

function mistakeOf(section: RawSection): Mistake | BrokenSection {
  const { name, fields, blocks } = section
  // The name becomes a file name, and is typed in a terminal.
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    return broken(section, 'A name can only have lowercase letters, digits, and dashes.')
  }
  const values = new Map<string, string>()
  for (const field of fields) {
    const [, key = '', value = ''] = /^([a-z ]+): *(.*)$/.exec(field) ?? []
    if (!KNOWN.includes(key) || value === '') {
      return broken(
        section,
        `"- ${field}" isn't one of ${KNOWN.map((known) => `"- ${known}: …"`).join(', ')}.`,
      )
    }
    values.set(key, value)
  }
  const [task, says] = [values.get('task'), values.get('says')]
  if (task === undefined) return broken(section, 'It has no line "- task: <name of the task>".')
  if (says === undefined) return broken(section, 'It has no line "- says: <words of the diagnosis>".')
  const [block, another] = blocks
  const base = values.get('base') ?? 'solution'
  const language = base === 'whole' ? 'ts' : 'diff'
  if (block === undefined || another !== undefined || block.language !== language) {
    return broken(section, `It needs exactly one code block, marked \`${language}\`.`)
  }
  return { name, task, says, base, notOnEmbedded: values.get('not on embedded'), block: block.text }
}

function broken({ name }: RawSection, problem: string): BrokenSection {
  return { name, problem }
}
