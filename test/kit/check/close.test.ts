import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fixtureRoot, openFixture, SLUG } from './fixture-course.ts'

test('closing a checker ends its check at once, without a verdict', async () => {
  const fixture = await openFixture('embedded')
  const solution = await readFile(join(fixtureRoot, 'solutions', `${SLUG}.ts`), 'utf8')
  const begun = join(fixture.folder, 'begun')
  const stuck = fixture.check(`import { writeFileSync } from 'node:fs'
${solution}
writeFileSync(${JSON.stringify(begun)}, '')
await new Promise((resolve) => setTimeout(resolve, 60_000))
`)
  while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 10))
  const waiting = fixture.checker.check(SLUG, { kind: 'solution' })
  const checks = Promise.allSettled([stuck, waiting])
  await fixture.close()
  expect(await checks).toMatchObject([
    { status: 'rejected', reason: { name: 'CheckerClosedError', lesson: SLUG } },
    { status: 'rejected', reason: { name: 'CheckerClosedError', lesson: SLUG } },
  ])
})
