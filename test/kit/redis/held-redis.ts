// A separate program for guardian.test.ts: starts a Redis, reports it in a line of JSON, and then does what it is asked to.
import { type RedisPreference, startRedis } from '../../../src/redis/index.ts'
import { parsePreference } from '../../../src/redis/preference.ts'

const [preference = 'auto', then = 'stay'] = process.argv.slice(2)
const wanted: RedisPreference = parsePreference(preference)
const redis = await startRedis(wanted)
process.stdout.write(`${JSON.stringify({ url: redis.url, kind: redis.kind })}\n`)

switch (then) {
  case 'stay':
    setInterval(() => {}, 1_000)
    break
  case 'exit':
    process.exit(0)
    break
  case 'throw':
    throw new Error('on purpose')
  case 'return':
    // Nothing is left to do, and Redis must not keep the program alive. If something does, this names it.
    setTimeout(() => {
      process.stderr.write(`kept alive by ${process.getActiveResourcesInfo().join(', ')}\n`)
      process.exit(1)
    }, 20_000).unref()
    break
}
