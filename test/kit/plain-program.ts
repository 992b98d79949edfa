import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { build } from 'esbuild'
import { afterAll } from 'vitest'
import { keepPlaces } from '../../src/cli/built-program.mjs'
import { cacheFolder } from '../../src/common/cache-folder.ts'
import { moduleOptions } from '../../src/common/module-options.mjs'
import { projectRoot } from '../../src/common/own-folder.ts'

/**
 * A test's own program as a file that Node starts without tsx, which takes more than half of the processor time of a
 * short program. To be called once, while the test file is loaded; the file is deleted after the tests.
 */
export async function plainProgram(source: string): Promise<string> {
  const file = path.join(cacheFolder(projectRoot()), `test-${randomUUID()}.mjs`)
  afterAll(() => rm(file, { force: true }))
  await build({
    entryPoints: [source],
    outfile: file,
    ...moduleOptions,
    packages: 'external',
    define: { 'import.meta.url': 'urlOfSource' },
    plugins: [{ name: 'places', setup: keepPlaces }],
  })
  return file
}
