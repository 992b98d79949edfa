import { paths } from '../../classroom/api.ts'
import { readMembership } from '../../classroom/learner/membership.ts'
import { talk } from '../../classroom/learner/talk.ts'
import { addressesOf } from '../../classroom/open/addresses.ts'
import { USUAL_PORT } from '../../classroom/open/open-class.ts'
import { findRedisServer } from '../../redis/executables.ts'
import { isFree } from '../../redis/free-port.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** What an instructor's machine needs to hold a class. */
export async function hubFindings(env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const [first, ...others] = addressesOf('0.0.0.0', USUAL_PORT)
  return [
    first === undefined
      ? warn(
          'Address',
          'This machine has no address on a network.',
          'Join the Wi-Fi of the room, or open a hotspot.',
        )
      : ok('Address', `Learners would reach it at ${[first, ...others].join(' or ')}.`),
    warn(
      'Firewall',
      'Whether the network lets learners through cannot be seen from here.',
      `Try it from another machine: class open --host 0.0.0.0, then open its address there. Guest Wi-Fi often keeps machines apart.`,
    ),
    (await isFree(USUAL_PORT))
      ? ok('Port', `${USUAL_PORT} is free.`)
      : warn(
          'Port',
          `${USUAL_PORT} is taken, perhaps by a class that is open.`,
          'A free one is found, or take one with --port.',
        ),
    findRedisServer(env) === undefined
      ? warn(
          'Data',
          'No redis-server is installed, so the class is held in memory; after a crash all comes again from the learners.',
          'Install redis-server (or valkey-server), or name one with --redis redis://…',
        )
      : ok('Data', 'redis-server is here; a class keeps its data on the disk.'),
  ]
}

/** What a learner's machine needs for a class, beyond the course: does it reach the one that it is in? */
export async function memberFindings(folder: string): Promise<readonly Finding[]> {
  const member = readMembership(folder)
  if (member === undefined) {
    return [
      ok('Class', 'You are in no class yet; joining needs the address and the code from your instructor.'),
    ]
  }
  const { address, token, className } = member
  try {
    await talk({ address, token, patience: 3_000 }, paths.view)
    return [ok('Class', `"${className}" answers at ${address}.`)]
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    return [
      warn(
        'Class',
        said,
        'Nothing is lost: what you do is sent when it answers. A new address: class join ADDRESS',
      ),
    ]
  }
}

/** One check from end to end: what the whole day is made of. `check` gives what kept it from passing. */
export async function checkFinding(
  check: () => Promise<{ readonly problem?: string; readonly ms: number }>,
): Promise<Finding> {
  const remedy = 'The lines above say what is missing; EVENTLINGS_DEBUG=1 shows more.'
  try {
    const { problem, ms } = await check()
    if (problem === undefined) return ok('A check', `It ran and passed in ${(ms / 1_000).toFixed(1)} s.`)
    return fail('A check', `The model solution did not pass here: ${problem}`, remedy)
  } catch (error) {
    return fail(
      'A check',
      `It did not run: ${error instanceof Error ? error.message : String(error)}`,
      remedy,
    )
  }
}
