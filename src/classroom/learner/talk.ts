import { ClassError, ClassUnreachableError } from '../errors.ts'
import { fieldsOf } from '../json-file.ts'

export interface Talk {
  readonly address: string
  readonly token?: string | undefined
  /** In milliseconds, for everything together. */
  readonly patience?: number
}

/** The class has refused; `status` is that of HTTP. The message is for people. */
export class RefusedError extends Error {
  override readonly name = 'ClassError'
  readonly status: number

  constructor(status: number, sentence: string) {
    super(sentence)
    this.status = status
  }
}

/**
 * One request to the hub: POST with a body, GET without. What comes back has the `kind` that was asked for; the hub is trusted with
 * that, and whatever is shown is taken for text. Rejects with ClassUnreachableError or RefusedError.
 */
export async function talk<T extends { readonly kind: string }>(
  { address, token, patience = 5_000 }: Talk,
  path: string,
  body?: unknown,
): Promise<T> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  let status: number
  let reply: unknown
  try {
    const signal = AbortSignal.timeout(patience)
    // A hub that sends elsewhere is none: the token stays here.
    const response = await fetch(`${address}${path}`, { ...sent, headers, signal, redirect: 'error' })
    status = response.status
    reply = await response.json()
  } catch (error) {
    throw new ClassUnreachableError(address, `${address} does not answer${why(error)}.`)
  }
  const { kind, sentence } = fieldsOf(reply)
  if (typeof kind !== 'string') throw new ClassError(`At ${address} there is something else than a class.`)
  if (kind === 'problem' || status >= 400) throw new RefusedError(status, String(sentence).slice(0, 500))
  return reply as T
}

function why(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = String(fieldsOf(cause).code ?? '')
  switch (code) {
    case 'ECONNREFUSED':
      return ': nobody listens there'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return ': nobody knows that name'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return ': there is no way to it from here. Is this the same network?'
    default:
      return error instanceof Error && error.name === 'TimeoutError' ? ' in time' : ''
  }
}
