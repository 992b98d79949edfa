import type { Address } from './address.ts'
import { SilentServerError } from './probe.ts'

export interface Explanation {
  readonly problem: string
  readonly remedy: string
}

const ELSEWHERE = 'or take another source with `--redis`.'

/**
 * What went wrong between us and a Redis at an address, in words; `undefined` for an error that is not
 * about that. Never repeats user name or password.
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
        problem: `The host "${host}" is not known.`,
        remedy: `Correct it in the address, ${ELSEWHERE}`,
      }
    case 'ECONNREFUSED':
      return {
        problem: `Nothing listens at ${place}.`,
        remedy: `Start the Redis there or correct the address, ${ELSEWHERE}`,
      }
  }
  const reached = !/^connect\b/.test(message) // what Node says when the connection itself failed: "connect EHOSTUNREACH …"
  if (reached) return undefined
  return { problem: `${place} cannot be reached.`, remedy: `Check the network and the address, ${ELSEWHERE}` }
}

function silence({ place, tls }: Address): Explanation {
  return tls
    ? {
        problem: `${place} does not finish the TLS handshake.`,
        remedy: `If it does not use TLS, write redis:// instead of rediss://; otherwise check the network, ${ELSEWHERE}`,
      }
    : {
        problem: `${place} does not answer.`,
        remedy: `If a Redis is there, it is busy or hangs; otherwise correct the address, ${ELSEWHERE}`,
      }
}

function tlsProblem(code: string, message: string, { place, tls }: Address): Explanation | undefined {
  if (!tls) return undefined
  if (/SELF_SIGNED|UNABLE_TO|CERT_|ALTNAME/.test(code)) {
    return {
      problem: `The TLS certificate of ${place} is not trusted (${message.replace(/\.$/, '')}).`,
      remedy:
        'Tell Node the certificate authority: set NODE_EXTRA_CA_CERTS to its .pem file before you start eventlings.',
    }
  }
  if (/^ERR_SSL|EPROTO|ECONNRESET/.test(code) || /socket disconnected|closed/i.test(message)) {
    return {
      problem: `${place} does not speak TLS.`,
      remedy: 'Write redis:// instead of rediss:// in the address.',
    }
  }
  return undefined
}

function replyProblem(message: string, { place, database }: Address): Explanation | undefined {
  if (/^NOAUTH|Authentication required/i.test(message)) {
    return {
      problem: `The Redis at ${place} asks for a password.`,
      remedy: `Write it into the address: redis://:PASSWORD@${place}/${database}.`,
    }
  }
  if (/^WRONGPASS|invalid password|invalid username-password/i.test(message)) {
    return {
      problem: `The Redis at ${place} does not accept the password of the address.`,
      remedy: 'Correct it; the characters @ : / % in a password are written %40 %3A %2F %25.',
    }
  }
  if (/no password is set|without any password configured/i.test(message)) {
    return {
      problem: `The address has a password, but the Redis at ${place} has none.`,
      remedy: `Leave it out: redis://${place}/${database}.`,
    }
  }
  if (/DB index|invalid DB/i.test(message)) {
    return {
      problem: `The Redis at ${place} has no database ${database}.`,
      remedy: 'Write a smaller number at the end of the address; usually 0 to 15 exist.',
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
    : { problem: `The Redis at ${place} refuses: ${reply}.`, remedy: `Mend that there, ${ELSEWHERE}` }
}

/** Redis repeats the arguments of a command that it doesn't know; those of AUTH are a secret. */
export function withoutArguments(message: string): string {
  return message.replace(/,? with args beginning with:.*$/is, '')
}

function notRedis({ name, message }: Error, { place }: Address): Explanation | undefined {
  if (/closed|ECONNRESET|EPIPE/i.test(message)) {
    return {
      problem: `${place} closes the connection without an answer, so it is no Redis that we can talk to.`,
      remedy: `If it speaks TLS, write rediss:// instead of redis://; otherwise correct the address, ${ELSEWHERE}`,
    }
  }
  if (name !== 'ParserError') return undefined
  return {
    problem: `What listens at ${place} does not answer like Redis.`,
    remedy: `Correct the address, ${ELSEWHERE}`,
  }
}
