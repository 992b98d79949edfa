import type { Address } from './address.ts'
import { SilentServerError } from './probe.ts'

export interface Explanation {
  readonly problem: string
  readonly remedy: string
}

const ELSEWHERE = 'or choose another source with `--redis`.'

/**
 * What went wrong between us and a Redis at an address, in words; `undefined` for an error that isn't about that.
 * Never repeats user name or password.
 */
export function explainConnectProblem(error: unknown, address: Address): Explanation | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error ? String(error.code) : ''
  const { message } = error
  return (
    networkProblem(code, message, address) ??
    (error instanceof SilentServerError || message === 'Command timed out' ? silence(address) : undefined) ??
    tlsProblem(code, message, address) ??
    replyProblem(message, address) ??
    notRedis(error, address)
  )
}

function networkProblem(code: string, message: string, { host, place }: Address): Explanation | undefined {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        problem: `The host "${host}" can't be found.`,
        remedy: `Correct it in the address, ${ELSEWHERE}`,
      }
    case 'ECONNREFUSED':
      return {
        problem: `Nothing is listening at ${place}.`,
        remedy: `Start the Redis there or correct the address, ${ELSEWHERE}`,
      }
  }
  const reached = !/^connect\b/.test(message) // Node's message when the connection itself failed: "connect EHOSTUNREACH …"
  if (reached) return undefined
  return { problem: `${place} can't be reached.`, remedy: `Check the network and the address, ${ELSEWHERE}` }
}

function silence({ place, tls }: Address): Explanation {
  return tls
    ? {
        problem: `${place} didn't finish the TLS handshake.`,
        remedy: `If it doesn't use TLS, write redis:// instead of rediss://; otherwise check the network, ${ELSEWHERE}`,
      }
    : {
        problem: `${place} doesn't answer.`,
        remedy: `If a Redis is there, it's busy or hanging; otherwise correct the address, ${ELSEWHERE}`,
      }
}

function tlsProblem(code: string, message: string, { place, tls }: Address): Explanation | undefined {
  if (!tls) return undefined
  if (/SELF_SIGNED|UNABLE_TO|CERT_|ALTNAME/.test(code)) {
    return {
      problem: `The TLS certificate of ${place} isn't trusted (${message.replace(/\.$/, '')}).`,
      remedy:
        'Set NODE_EXTRA_CA_CERTS to the .pem file of its certificate authority before you start eventlings.',
    }
  }
  if (/^ERR_SSL|EPROTO|ECONNRESET/.test(code) || /socket disconnected|closed/i.test(message)) {
    return {
      problem: `${place} doesn't use TLS.`,
      remedy: 'Write redis:// instead of rediss:// in the address.',
    }
  }
  return undefined
}

function replyProblem(message: string, { place, database }: Address): Explanation | undefined {
  if (/^NOAUTH|Authentication required/i.test(message)) {
    return {
      problem: `The Redis at ${place} needs a password.`,
      remedy: `Add it to the address: redis://:PASSWORD@${place}/${database}.`,
    }
  }
  if (/^WRONGPASS|invalid password|invalid username-password/i.test(message)) {
    return {
      problem: `The Redis at ${place} doesn't accept the password in the address.`,
      remedy: 'Correct it. Write the characters @ : / % in a password as %40 %3A %2F %25.',
    }
  }
  if (/no password is set|without any password configured/i.test(message)) {
    return {
      problem: `The address has a password, but the Redis at ${place} doesn't use one.`,
      remedy: `Leave it out: redis://${place}/${database}.`,
    }
  }
  if (/DB index|invalid DB/i.test(message)) {
    return {
      problem: `The Redis at ${place} has no database ${database}.`,
      remedy: 'Use a smaller number at the end of the address; usually 0 to 15 exist.',
    }
  }
  const denied = /(?:run the|unknown (?:sub)?command) ['`]([\w|]+)/i.exec(message)?.[1]
  if (denied !== undefined) {
    return {
      problem: `The Redis at ${place} doesn't allow ${denied.replace('|', ' ').toUpperCase()}, and a check can't do without it.`,
      remedy: `Allow it there, ${ELSEWHERE}`,
    }
  }
  const reply = /^[A-Z]+ .+/.exec(withoutArguments(message))?.[0].replace(/\.$/, '')
  return reply === undefined
    ? undefined
    : {
        problem: `The Redis at ${place} replied with an error: ${reply}.`,
        remedy: `Fix that there, ${ELSEWHERE}`,
      }
}

/** Redis repeats the arguments of a command that it doesn't recognize; those of AUTH are secret. */
export function withoutArguments(message: string): string {
  return message.replace(/,? with args beginning with:.*$/is, '')
}

function notRedis({ name, message }: Error, { place }: Address): Explanation | undefined {
  if (/closed|ECONNRESET|EPIPE/i.test(message)) {
    return {
      problem: `${place} closes the connection without a reply, so it isn't a Redis that eventlings can use.`,
      remedy: `If it uses TLS, write rediss:// instead of redis://; otherwise correct the address, ${ELSEWHERE}`,
    }
  }
  if (name !== 'ParserError') return undefined
  return {
    problem: `The server at ${place} doesn't reply like Redis.`,
    remedy: `Correct the address, ${ELSEWHERE}`,
  }
}
