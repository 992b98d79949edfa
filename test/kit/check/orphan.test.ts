import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isAlive } from '../processes.ts'
import { fixtureRoot, SLUG } from './fixture-course.ts'
import { GOOD } from './guests.ts'

const source = new URL('../../../src', import.meta.url).href

test('a spinning guest ends with its supervisor, even one that is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'eventlings-orphan-'))
  const [answer, pidFile, supervisor] = ['answer.ts', 'pid', 'supervisor.mts'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  const spin = `import { writeFileSync } from 'node:fs'
  writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); for (;;) await redis.get('x').catch(() => {})`
  const [head = '', body = ''] = spin.split('\n')
  await writeFile(answer, `${head}\n${GOOD.replace('/* here */', () => body)}`)
  await writeFile(
    supervisor,
    `import { checkLesson } from '${source}/check/index.ts'
import { loadCourse } from '${source}/course/index.ts'
const course = await loadCourse(${JSON.stringify(fixtureRoot)})
await checkLesson('${SLUG}', { kind: 'file', path: ${JSON.stringify(answer)} }, { course, preference: 'embedded' })
`,
  )
  const child = spawn(process.execPath, ['--import', 'tsx', supervisor], { stdio: 'ignore' })
  const closed = once(child, 'close')
  const guest = await eventually(
    async () => Number(await readFile(pidFile, 'utf8').catch(() => '0')) || undefined,
  )
  child.kill('SIGKILL')
  await closed
  expect(await eventually(async () => (isAlive(guest) ? undefined : 'gone'))).toBe('gone')
  await rm(folder, { recursive: true, force: true })
})

/** Polls until something is there; the test's own limit ends it. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
