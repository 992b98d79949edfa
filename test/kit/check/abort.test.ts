import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fixture, fixtureRoot, openFixture, SLUG } from './fixture-course.ts'

let fixture: Fixture
let solution: string
beforeAll(async () => {
  fixture = await openFixture('embedded')
  solution = await readFile(join(fixtureRoot, 'solutions', `${SLUG}.ts`), 'utf8')
})
afterAll(() => fixture.close())

test('a stopped check ends at once without a verdict, and the next one gets its own', async () => {
  const begun = join(fixture.folder, 'begun')
  const stop = new AbortController()
  const stuck = fixture.check(
    `import { writeFileSync } from 'node:fs'
${solution}
writeFileSync(${JSON.stringify(begun)}, '')
await new Promise((resolve) => setTimeout(resolve, 60_000))
`,
    { signal: stop.signal },
  )
  while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 10))
  const next = fixture.check(solution)
  stop.abort()
  await expect(stuck).rejects.toMatchObject({ name: 'CheckAbortedError', lesson: SLUG })
  expect((await next).passed).toBe(true)
})

test('a check stopped before its turn never runs', async () => {
  const first = fixture.check(solution)
  const ran = join(fixture.folder, 'ran')
  const second = fixture.check(
    `import { writeFileSync } from 'node:fs'\n${solution}\nwriteFileSync(${JSON.stringify(ran)}, '')`,
    { signal: AbortSignal.abort() },
  )
  await expect(second).rejects.toMatchObject({ name: 'CheckAbortedError' })
  expect((await first).passed).toBe(true)
  expect(existsSync(ran)).toBe(false)
})
