import { expect, test } from 'vitest'
import { isGone, startRedis } from '../../../src/redis/index.ts'
import { decoy } from './decoys.ts'

test('a running server is there, and gone once killed', async () => {
  const redis = await startRedis('embedded')
  expect(await isGone(redis.url)).toBe(false)
  await redis.crash()
  expect(await isGone(redis.url)).toBe(true)
})

test('a busy, silent one is still there', async () => {
  const port = await decoy(() => {})
  expect(await isGone(`redis://127.0.0.1:${port}`)).toBe(false)
})
