import { refusedCommand } from '../check/index.ts'

/** Commands that make a connection useless for sending one command and reading its one reply. */
const LISTENING = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE'])
const OTHERWISE: Readonly<Record<string, string>> = {
  SYNC: 'its reply never ends',
  PSYNC: 'its reply never ends',
  HELLO: 'replies are shown only in the protocol that redis-cli speaks by default',
  QUIT: 'later snippets use the same connection',
  'CLIENT REPLY': 'the page shows every reply',
}

/**
 * Why a command that the learner has written isn't sent, in a sentence; undefined for all that are. `allowed` are the
 * administrative commands that the lesson's answers may send.
 */
export function whyNotSent(args: readonly string[], allowed: readonly string[]): string | undefined {
  const [name = '', ...rest] = args
  const upper = name.toUpperCase()
  if (LISTENING.has(upper)) {
    return `${upper} isn't sent from here, because a connection that listens accepts hardly any other commands. Subscribe in TypeScript instead, with redis.duplicate().`
  }
  const own = [upper, `${upper} ${rest[0]?.toUpperCase()}`].find((one) => Object.hasOwn(OTHERWISE, one))
  const refused =
    own === undefined ? refusedCommand(name, rest, allowed) : { command: own, why: OTHERWISE[own] }
  return refused && `${refused.command} isn't sent from a snippet, because ${refused.why}.`
}
