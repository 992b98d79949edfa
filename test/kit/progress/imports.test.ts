import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const start = path.join(import.meta.dirname, '../../../src/progress/index.ts')

function importsOf(file: string): readonly string[] {
  const code = readFileSync(file, 'utf8')
  const found = code.matchAll(/^(?:import|export) (?!type\b)(?:\{[^}]*\}|[^'\n]*?) from '([^']+)'/gm)
  return [...found].map((one) => one[1] ?? '')
}

/** A cold `eventlings list` loads this: it may load only Node's own modules, and nothing that writes. */
test('reading progress loads neither packages nor the code that writes it', () => {
  const loaded = new Set<string>([start])
  const packages = new Set<string>()
  for (const file of loaded) {
    for (const one of importsOf(file)) {
      if (one.startsWith('.')) loaded.add(path.resolve(path.dirname(file), one))
      else if (!one.startsWith('node:')) packages.add(one)
    }
  }
  const names = [...loaded].map((file) => path.basename(file))
  expect([...packages]).toEqual([])
  expect(names).toContain('log-reader.ts')
  expect(names).toContain('errors.ts')
  for (const file of ['save.ts', 'lock.ts', 'append.ts', 'merge.ts', 'import-log.ts', 'export-log.ts']) {
    expect(names).not.toContain(file)
  }
})
