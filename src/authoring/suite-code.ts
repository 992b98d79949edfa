import { parser } from '@lezer/javascript'

/** A string literal; what a template fills in is a gap between two pieces. */
export interface Literal {
  readonly line: number
  readonly pieces: readonly string[]
}

export interface SuiteTest extends Literal {
  /** The title of the outermost `describe` that it's in; undefined in a function that several of them call. */
  readonly task: string | undefined
}

/** What is read from a suite's code. Comments aren't part of it, nor is anything within a template's gaps. */
export interface SuiteCode {
  readonly literals: readonly Literal[]
  /** The titles of the outermost `describe` blocks, in order. */
  readonly titles: readonly string[]
  /** All tests, in order. A gap in a title is also what `test.each` fills in. */
  readonly tests: readonly SuiteTest[]
}

const typescript = parser.configure({ dialect: 'ts' })
type Node = ReturnType<typeof typescript.parse>['topNode']

export function readSuite(code: string): SuiteCode {
  const literals: Literal[] = []
  const titles: string[] = []
  const tests: SuiteTest[] = []
  let task: { readonly title: string; readonly end: number } | undefined
  const lineOf = lineCounter(code)
  typescript.parse(code).iterate({
    enter({ name, node }) {
      if (isLiteral(node)) {
        literals.push({ line: lineOf(node.from), pieces: piecesOf(node, code) })
        return false
      }
      const block = name === 'CallExpression' ? blockOf(node, code) : undefined
      if (block === undefined) return true
      const [title = ''] = block.pieces
      if (block.kind === 'test') {
        const pieces = block.pieces.flatMap((piece) => piece.split(/%[a-z]/))
        const isInTask = task !== undefined && node.from < task.end
        tests.push({ line: lineOf(node.from), task: isInTask ? task?.title : undefined, pieces })
      } else if (node.parent?.parent?.name === 'Script') {
        titles.push(title)
        task = { title, end: node.to }
      }
      return true
    },
  })
  return { literals, titles, tests }
}

/** A `describe` or `test` with its title, also `test.skipIf(…)('title', …)` and `test.each(…)('title', …)`. */
function blockOf(call: Node, code: string) {
  if (call.parent?.name === 'CallExpression') return undefined // what's called has the title
  let called = call.firstChild
  while (called?.name === 'CallExpression' || called?.name === 'MemberExpression') called = called.firstChild
  const kind = called === null ? '' : code.slice(called.from, called.to)
  const title = call.lastChild?.firstChild?.nextSibling // after the parenthesis
  if ((kind !== 'describe' && kind !== 'test') || !title || !isLiteral(title)) return undefined
  return { kind, pieces: piecesOf(title, code) } as const
}

function isLiteral({ name }: Node): boolean {
  return name === 'String' || name === 'TemplateString'
}

function piecesOf(literal: Node, code: string): readonly string[] {
  const gaps = literal.getChildren('Interpolation')
  const starts = [literal.from + 1, ...gaps.map(({ to }) => to)]
  const ends = [...gaps.map(({ from }) => from), literal.to - 1]
  return starts.map((start, index) => unescaped(code.slice(start, ends[index])))
}

function unescaped(text: string): string {
  return text.replace(/\\n/g, '\n').replace(/\\(.)/g, '$1')
}

/** Counts the lines up to places that come in order. */
function lineCounter(code: string): (at: number) => number {
  let line = 1
  let next = code.indexOf('\n')
  return (at) => {
    for (; next !== -1 && next < at; next = code.indexOf('\n', next + 1)) line += 1
    return line
  }
}

/** What's wrong with the titles, compared with the names of the lesson's tasks; undefined if nothing is. */
export function problemOfTitles(titles: readonly string[], tasks: readonly string[]): string | undefined {
  const missing = tasks.filter((task) => !titles.includes(task))
  const extra = titles.filter((title) => !tasks.includes(title))
  if (missing.length > 0) return `There's no describe(${quoted(missing)}): each task needs one with its name.`
  if (extra.length > 0) return `describe(${quoted(extra)}) belongs to no task of the lesson.`
  if (titles.length > tasks.length) return 'Two describe blocks have the same title.'
  if (titles.some((title, index) => title !== tasks[index])) {
    return `The describe blocks aren't in the order of the tasks: ${tasks.join(', ')}.`
  }
  return undefined
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
