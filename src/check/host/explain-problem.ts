import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Message } from 'esbuild'
import { ownFolder } from '../../common/own-folder.ts'
import { shownPath } from '../../common/shown-path.ts'
import { type Problem, usesRequire } from '../es-module.ts'
import { codeList, exportedNames, missingExport } from '../missing-export.ts'

interface About {
  readonly root: string
  readonly answer: { readonly path: string; readonly text: string }
}

/** What esbuild found, as a sentence for the learner. */
export function explainProblem(message: Message, about: About): Problem {
  const { root, answer } = about
  const where = message.location
  const file = where === null ? undefined : resolve(root, where.file)
  const place = { ...(file && { file }), ...(where && { line: where.line }) }
  switch (message.detail) {
    case 'policy':
      return { diagnosis: message.text, ...place }
    case 'require':
      return { diagnosis: usesRequire(message.text, where?.lineText ?? ''), ...place }
  }
  const unexported = /No matching export in "(.*?)" for import "(.*?)"/.exec(message.text)
  if (unexported !== null) {
    const [, from = '', name = ''] = unexported
    if (resolve(root, from) === answer.path)
      return { diagnosis: missingExport(name, answer.text), file: answer.path, line: 1 }
    return { diagnosis: notExported(name, from, root, where?.lineText ?? ''), ...place }
  }
  const line = where?.lineText.trim().slice(0, 80)
  const code = where === null ? '' : ` (line ${where.line}${line ? `: \`${line}\`` : ''})`
  const whose =
    file === undefined || file === answer.path ? 'Your file' : `Your ${shownPath(file, ownFolder(root))}`
  return {
    diagnosis: `${whose} isn't valid TypeScript: ${message.text.replace(/\.$/, '')}${code}.${before(message)}`,
    ...place,
  }
}

/** esbuild names the first word that can't be there; what's missing may be on the line before it. */
function before({ text, location }: Message): string {
  const isFirst = location !== null && location.lineText.slice(0, location.column).trim() === ''
  if (!isFirst || !/^Expected .* but found/.test(text)) return ''
  return ' A comma or a bracket may be missing at the end of the line before it.'
}

/** For the learner's import from another file, on the line that has it. */
function notExported(name: string, from: string, root: string, line: string): string {
  const specifier =
    /\bfrom\s*['"]([^'"]+)['"]/.exec(line)?.[1] ?? shownPath(resolve(root, from), ownFolder(root))
  const names = exportedNames(textOf(resolve(root, from)))
  if (name === 'default') {
    const example = names[0] ?? 'name'
    return `Your file imports a default from \`${specifier}\`, which has no default export. Write \`import { ${example} } from '${specifier}'\`.`
  }
  const list = names.length === 0 ? 'It exports nothing.' : `It exports ${codeList(names)}.`
  return `Your file imports \`${name}\` from \`${specifier}\`, which doesn't export it. ${list}`
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
