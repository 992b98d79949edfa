import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const folder = path.join(import.meta.dirname, '../../../src/progress')

/** A cold `eventlings list` loads this folder: it must cost nothing but Node's own modules, and know nothing of the rest of the kit. */
test('the folder imports only itself and Node', () => {
  const files = readdirSync(folder)
  expect(files).toContain('index.ts')
  for (const file of files) {
    const code = readFileSync(path.join(folder, file), 'utf8')
    const imported = [...code.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((found) => found[1])
    for (const one of imported) expect(`${file}: ${one}`).toMatch(/: (node:[a-z/]+|\.\/[a-z-]+\.ts)$/)
  }
})
