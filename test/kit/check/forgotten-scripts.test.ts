import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setEnvironment } from '../../../src/check/kit/environment.ts'
import { useSandbox } from '../../../src/check/kit/index.ts'
import { closeSandbox } from '../../../src/check/kit/sandbox.ts'
import { parsePreference, type RunningRedis, startRedis } from '../../../src/redis/index.ts'

let own: RunningRedis
let borrowed: RunningRedis
beforeAll(async () => {
  // Both before the first sandbox, which guards every client that's opened after it.
  own = await startRedis('embedded')
  borrowed = await startRedis(parsePreference(`${own.url}/3`))
})
afterAll(async () => {
  await borrowed.stop()
  await own.stop()
})

for (const whose of ['own', 'borrowed'] as const) {
  describe(`scripts on a server: ${whose}`, () => {
    beforeAll(() => {
      const { url, kind, lease } = whose === 'own' ? own : borrowed
      setEnvironment({ url, kind, lease, has: [], allow: [] })
    })
    afterAll(closeSandbox)
    const box = useSandbox()

    test('are forgotten only if the server is ours', async () => {
      const hash = String(await box.admin.script('LOAD', 'return 1'))
      await box.forgetScripts()
      expect(await box.admin.script('EXISTS', hash)).toEqual([whose === 'own' ? 0 : 1])
    })
  })
}
