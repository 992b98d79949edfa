/**
 * Replaces `vitest` in a suite that runs in a worker: the same runner and the same `expect`, without the server, the
 * worker pool and the reporters around them, which take most of the time.
 */
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect'

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)

export const expect = chai.expect
export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from '@vitest/runner'
