import { paths } from '../../classroom/api.ts'
import { addressesOf } from '../../classroom/host/addresses.ts'
import { USUAL_PORT } from '../../classroom/host/open-class.ts'
import { readMembership } from '../../classroom/member/membership.ts'
import { request } from '../../classroom/member/request.ts'
import { sentenceOf } from '../../common/errors.ts'
import { isFree } from '../../common/free-port.ts'
import { findRedisServer } from '../../redis/executables.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** What an instructor's machine needs to host a class. */
export async function hubFindings(env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const [first, ...others] = addressesOf('0.0.0.0', USUAL_PORT)
  return [
    first === undefined
      ? warn(
          'Address',
          'This machine has no network address.',
          'Join the Wi-Fi in the room, or open a hotspot.',
        )
      : ok('Address', `Learners can reach this machine at ${[first, ...others].join(' or ')}.`),
    warn(
      'Firewall',
      "This machine can't tell whether the network lets learners through.",
      `Try it from another machine: class open --host 0.0.0.0, then open its address there. Guest Wi-Fi often isolates machines from each other.`,
    ),
    (await isFree(USUAL_PORT))
      ? ok('Port', `${USUAL_PORT} is free.`)
      : warn(
          'Port',
          `${USUAL_PORT} is in use, perhaps by an open class.`,
          'A free port is chosen automatically, or choose one with --port.',
        ),
    findRedisServer(env) === undefined
      ? warn(
          'Data',
          "No redis-server is installed, so the class is kept in memory; after a crash, learners' machines send everything again.",
          'Install redis-server (or valkey-server), or name one with --redis redis://…',
        )
      : ok('Data', 'redis-server is installed, so a class keeps its data on disk.'),
  ]
}

/** What a learner's machine needs for a class, beyond the course: can it reach its class? */
export async function memberFindings(folder: string): Promise<readonly Finding[]> {
  const member = readMembership(folder)
  if (member === undefined) {
    return [
      ok(
        'Class',
        "You aren't in a class yet; to join, you need the address and the code from your instructor.",
      ),
    ]
  }
  const { address, token, className } = member
  try {
    await request({ address, token, timeoutMs: 3_000 }, paths.view)
    return [ok('Class', `"${className}" answers at ${address}.`)]
  } catch (error) {
    const said = sentenceOf(error)
    return [
      warn(
        'Class',
        said,
        'Nothing is lost: your work is sent once it answers. If the address is new: class join ADDRESS',
      ),
    ]
  }
}

/** One check from end to end: what the whole day is made of. `check` returns what kept it from passing. */
export async function checkFinding(
  check: () => Promise<{ readonly problem?: string; readonly ms: number }>,
): Promise<Finding> {
  const remedy = "The lines above say what's missing; EVENTLINGS_DEBUG=1 shows more."
  try {
    const { problem, ms } = await check()
    if (problem === undefined) return ok('A check', `It ran and passed in ${(ms / 1_000).toFixed(1)} s.`)
    return fail('A check', `The model solution didn't pass here: ${problem}`, remedy)
  } catch (error) {
    return fail('A check', `It didn't run: ${sentenceOf(error)}`, remedy)
  }
}
