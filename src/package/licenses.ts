import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Metafile } from 'esbuild'

/** The licenses of all packages that these builds contain, as one text. Rejects if a package has none. */
export async function licensesOf(root: string, metafiles: readonly Metafile[]): Promise<string> {
  const files = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap(filesIn))
  const folders = new Set(files.flatMap((file) => packageFolder(file) ?? []))
  const sections = await Promise.all(
    [...folders].toSorted().map((folder) => section(path.join(root, folder))),
  )
  const intro = 'eventlings contains these packages, in full or in part, under their own licenses.'
  return `# Third-party licenses\n\n${intro}\n\n${[...new Set(sections)].join('\n')}`
}

/** The files that ended up in an output, and weren't left out because nothing uses them. */
function filesIn({ inputs }: Metafile['outputs'][string]): readonly string[] {
  return Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []))
}

/** `node_modules/a/node_modules/@b/c` for a file in it; undefined for a file of ours. */
function packageFolder(file: string): string | undefined {
  return /^(?:.*:)?(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]
}

async function section(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
  const texts = await Promise.all(
    (await readdir(folder))
      .filter((file) => /^(licen[cs]e|copying|notice|third.?party)/i.test(file))
      .map(async (file) => (await readFile(path.join(folder, file), 'utf8')).trim()),
  )
  if (typeof license !== 'string' && texts.length === 0)
    throw new Error(`${name} ${version} has no license, so it can't be part of the package.`)
  const fenced = texts.map((text) => `\`\`\`\`text\n${text}\n\`\`\`\`\n`)
  return [`## ${name} ${version}`, '', `License: ${license}`, '', ...fenced].join('\n')
}
