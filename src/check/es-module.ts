import { readFileSync } from 'node:fs'

export interface Problem {
  readonly diagnosis: string
  readonly file?: string
  readonly line?: number
}

const IS_MODULE = "but it's an ES module"

/** CommonJS habits, and what an ES module uses instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  require: 'Write an `import` at the top of the file.',
  module: 'Write `export` in front of the functions and classes that the lesson asks for.',
  exports: 'Write `export` in front of the functions and classes that the lesson asks for.',
  __dirname: 'Use `import.meta.dirname`.',
  __filename: 'Use `import.meta.filename`.',
}

/** The sentence for a `require` with a fixed path, found while bundling. `line` is the line of code that has it. */
export function usesRequire(specifier: string, line: string): string {
  return `Your file uses \`require\`, ${IS_MODULE}. Write ${importInsteadOf(specifier, line)}.`
}

function importInsteadOf(specifier: string, line: string): string {
  const from = `from '${specifier}'`
  const names = /\b(?:const|let|var)\s*\{([^}]*)\}\s*=\s*require\b/.exec(line)?.[1]
  if (names !== undefined) return inCode(`import { ${names.trim().replace(/\s*:\s*/g, ' as ')} } ${from}`)
  if (specifier === 'ioredis') return inCode(`import { Redis } ${from}`)
  const [, name, member] =
    /\b(?:const|let|var)\s+([\w$]+)[^=]*=\s*require\s*\([^)]*\)(?:\.([\w$]+))?/.exec(line) ?? []
  if (name === undefined) return `an \`import\` ${inCode(from)} at the top of the file`
  if (member !== undefined)
    return inCode(`import { ${member === name ? name : `${member} as ${name}`} } ${from}`)
  return inCode(/^[.#]/.test(specifier) ? `import * as ${name} ${from}` : `import ${name} ${from}`)
}

/** The sentence for a runtime error that comes from such a habit; undefined for any other error. */
export function commonJsHabit(message: string): string | undefined {
  const name =
    /^(require|module|exports|__dirname|__filename) is not defined\b/.exec(message)?.[1] ??
    (/^Dynamic require of |require\.resolve is not a function/.test(message) ? 'require' : undefined)
  if (name === undefined) return undefined
  return `Your file uses ${inCode(name)}, ${IS_MODULE}. ${INSTEAD[name]}`
}

/** The sentence for a learner's file that has CommonJS exports and no others. */
export function usesCommonJsExports(
  path: string,
  answer: { readonly path: string; readonly text: string },
): Problem {
  const text = path === answer.path ? answer.text : readFileSync(path, 'utf8')
  const habit = /\b(?:module\.exports|exports\.[\w$]+|exports\[)/
  const line = text.split('\n').findIndex((one) => habit.test(one)) + 1
  const what = habit.exec(text)?.[0].startsWith('module') === false ? 'exports' : 'module.exports'
  return {
    diagnosis: `Your file uses ${inCode(what)}, ${IS_MODULE}. ${INSTEAD.exports}`,
    file: path,
    line: Math.max(line, 1),
  }
}

/**
 * The sentence for a name that a package or Node module doesn't export, which shows only when the bundle is linked.
 */
export function missingInPackage(message: string): string | undefined {
  const [, from, name] =
    /^The requested module '([^']+)' does not provide an export named '([^']+)'/.exec(message) ?? []
  if (from === undefined || name === undefined) return undefined
  const specifier = nameOf(from)
  return name === 'default'
    ? `Your file imports a default from \`${specifier}\`, which has no default export. Write \`import { name } from '${specifier}'\`.`
    : `Your file imports \`${name}\` from \`${specifier}\`, which doesn't export it. If it's a type, write \`import type { ${name} } from '${specifier}'\`.`
}

function inCode(text: string): string {
  return `\`${text}\``
}

/** Packages are linked by the URL of their file. */
function nameOf(url: string): string {
  if (/\/ioredis\.mjs$/.test(url)) return 'ioredis'
  return /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1] ?? url
}
