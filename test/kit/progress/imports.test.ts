import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const folder = path.join(import.meta.dirname, '../../../src/progress')

const staticImports = (file: string) =>
  importsOf(file, /^(?:import|export) (?!type\b)(?:\{[^}]*\}|[^'\n]*?) from '([^']+)'/gm)

function importsOf(file: string, pattern: RegExp): readonly string[] {
  const code = readFileSync(path.join(folder, file), 'utf8')
  return [...code.matchAll(pattern)].map((found) => found[1] ?? '')
}

/** A cold `eventlings list` loads this folder: it may load only Node's own modules, and nothing of the rest of the kit. */
test('the folder imports only itself and Node', () => {
  const files = readdirSync(folder)
  expect(files).toContain('index.ts')
  for (const file of files) {
    for (const one of importsOf(file, /(?:from|import\()\s*'([^']+)'/g)) {
      expect(`${file}: ${one}`).toMatch(/: (node:[a-z/]+|\.\/[a-z-]+\.ts)$/)
    }
  }
})

test('reading progress does not load the code that writes it', () => {
  const loaded = new Set<string>(['index.ts'])
  for (const file of loaded) {
    for (const one of staticImports(file)) if (one.startsWith('./')) loaded.add(one.slice(2))
  }
  expect(loaded).toContain('log-reader.ts')
  for (const file of ['save.ts', 'lock.ts', 'append.ts', 'merge.ts', 'import-log.ts', 'export-log.ts']) {
    expect(loaded).not.toContain(file)
  }
})
