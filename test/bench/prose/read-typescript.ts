import { type ESTree, parseSync, Visitor } from 'rolldown/utils'
import { type Prose, ProseBuilder } from './prose.ts'

/** Attributes whose strings are code, in a language of their own. */
const CODE_ATTRIBUTES = new Set(['class', 'className', 'style', 'd', 'transform', 'viewBox'])

/** The prose of a program: its comments, and the strings that read like a sentence. */
export function readTypeScript(file: string, source: string): readonly Prose[] {
  const { program, comments, errors } = parseSync(file, source)
  if (errors[0] !== undefined) throw new Error(`${file} can't be parsed: ${errors[0].message}`)
  const lineAt = lineCounter(source)
  return [
    ...inOneRun(comments, source).map((run) => commentProse(run, source, lineAt)),
    ...stringProse(program, lineAt),
  ]
}

interface Range {
  readonly start: number
  readonly end: number
}

/** Comments on lines that follow each other are one text. */
function inOneRun(comments: readonly Range[], source: string): readonly Range[] {
  const runs: Range[] = []
  for (const { start, end } of comments) {
    const last = runs.at(-1)
    const isNext = last !== undefined && /^\n[ \t]*$/.test(source.slice(last.end, start))
    if (isNext && source.startsWith('//', start)) runs[runs.length - 1] = { start: last.start, end }
    else runs.push({ start, end })
  }
  return runs
}

function commentProse({ start, end }: Range, source: string, lineAt: LineCounter): Prose {
  const first = lineAt(start)
  const builder = new ProseBuilder()
  for (const [index, line] of source.slice(start, end).split('\n').entries()) {
    if (index > 0) builder.newLine()
    const words = line.replace(/^\s*(?:\/\*\*?|\*(?!\/)|\/\/+) ?/, '').replace(/\s*\*\/$/, '')
    builder.words(words, first + index)
  }
  return builder.build('comment')
}

/** The strings of the tree. What is put together with `+` is one, because a sentence often takes two. */
function stringProse(program: ESTree.Program, lineAt: LineCounter): readonly Prose[] {
  const found: Prose[] = []
  const seen = new Set<object>()
  const add = (node: ESTree.Expression | ESTree.JSXText) => {
    if (seen.has(node)) return
    const parts = stringParts(node, seen)
    if (!parts.some(({ text }) => text !== undefined)) return
    const builder = new ProseBuilder()
    for (const { text, start } of parts) {
      if (text === undefined) builder.code('{…}', lineAt(start))
      else builder.words(text, lineAt(start))
    }
    const prose = builder.build('string')
    if (isSentence(prose.masked)) found.push(prose)
  }
  new Visitor({
    BinaryExpression: add,
    TemplateLiteral: add,
    Literal: add,
    JSXText: add,
    JSXAttribute: ({ name, value }) => {
      if (value !== null && CODE_ATTRIBUTES.has(String(name.name))) seen.add(value)
    },
  }).visit(program)
  return found
}

/** A piece of a string. One without a text is an expression, whose value nobody knows here. */
interface Part {
  readonly text?: string
  readonly start: number
}

/** The pieces of a string, each marked as seen. Of any other expression, none. */
function stringParts(node: ESTree.Expression | ESTree.JSXText, seen: Set<object>): readonly Part[] {
  const { start } = node
  if ((node.type === 'Literal' || node.type === 'JSXText') && typeof node.value === 'string') {
    seen.add(node)
    return [{ text: node.value, start }]
  }
  if (node.type === 'TemplateLiteral') {
    seen.add(node)
    return node.quasis.flatMap(({ value, start }, index) => {
      const text = { text: value.cooked ?? value.raw, start }
      return index < node.expressions.length ? [text, { start }] : [text]
    })
  }
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return []
  const sides = [node.left as ESTree.Expression, node.right].map((side) => ({
    side,
    parts: stringParts(side, seen),
  }))
  if (sides.every(({ parts }) => parts.length === 0)) return []
  seen.add(node)
  return sides.flatMap(({ side, parts }) => (parts.length > 0 ? parts : [{ start: side.start }]))
}

/** Two plain words side by side make it prose; names, keys, and programs inside of strings aren't. */
function isSentence(text: string): boolean {
  return (
    /(?<![\w$-])[A-Za-z]?[a-z]+,? [a-z]{2,}(?![\w(=:-])/.test(text) &&
    !/=> |\bconst \w|\bawait \w|redis\.call/.test(text)
  )
}

type LineCounter = (offset: number) => number

function lineCounter(source: string): LineCounter {
  const ends = [...source.matchAll(/\n/g)].map(({ index }) => index)
  return (offset) => {
    let low = 0
    let high = ends.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}
