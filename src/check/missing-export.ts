import { editDistance } from '../course/nearest.ts'

/** Says which name is missing and, if a similar one exists, which was probably meant. */
export function missingExport(name: string, text: string): string {
  const exported = exportedNames(text)
  if (new RegExp(`^\\s*export\\s+(?:type|interface)\\s+${name}\\b`, 'm').test(text)) {
    return `Your file exports \`${name}\` only as a type. The lesson needs a value with that name, such as a function or a class.`
  }
  const asDefault = new RegExp(`^\\s*export\\s+default\\s+(.*?)\\s*\\b${name}\\b`, 'm').exec(text)
  if (asDefault !== null) {
    const instead = asDefault[1] === '' ? `Write \`export { ${name} }\` instead.` : 'Leave out `default`.'
    return `Your file exports \`${name}\` as its default, but the lesson imports it by name. ${instead}`
  }
  if (new RegExp(`^\\s*(?:async\\s+)?(?:function\\*?|const|let|class)\\s+${name}\\b`, 'm').test(text)) {
    return `Your file has \`${name}\` but doesn't export it. Write \`export\` in front of it.`
  }
  const near = exported.find((other) => editDistance(other.toLowerCase(), name.toLowerCase()) <= 2)
  if (near !== undefined)
    return `Your file doesn't export \`${name}\`, but it does export \`${near}\`. Is the name misspelled?`
  const list = exported.length === 0 ? 'It exports nothing.' : `It exports ${codeList(exported)}.`
  return `Your file doesn't export \`${name}\`, which the lesson asks for. ${list}`
}

/** Names in code font. */
export function codeList(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

/** The names of the values that a file exports, as far as its text shows. */
export function exportedNames(text: string): readonly string[] {
  const declared = text.matchAll(
    /^\s*export\s+(?:async\s+)?(?:function\*?|const|let|class|abstract class)\s+([\w$]+)/gm,
  )
  const listed = [...text.matchAll(/^\s*export\s*\{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((one) => /([\w$]+)\s*$/.exec(one.replace(/\btype\s+[\w$]+(\s+as\s+[\w$]+)?/, ''))?.[1]),
  )
  return [...[...declared].map(([, name]) => name), ...listed].filter((name) => name !== undefined)
}
