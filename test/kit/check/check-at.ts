// A program of its own for borrowed.test.ts, because Node reads the certificates that it trusts when it starts: checks the model
// answer of the small course at an address and prints the result.
import { parsePreference } from '../../../src/redis/index.ts'
import { openFixture, SLUG } from './fixture-course.ts'

const fixture = await openFixture(parsePreference(process.argv[2] ?? ''))
const result = await fixture.checker.check(SLUG, { kind: 'solution' })
await fixture.close()
process.stdout.write(JSON.stringify(result))
