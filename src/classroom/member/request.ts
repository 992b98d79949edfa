import { setTimeout as sleep } from 'node:timers/promises'
import { Exit } from '../../common/exit.ts'
import { ClassError, ClassUnreachableError } from '../errors.ts'
import { fieldsOf } from '../json-file.ts'
import { plainText } from '../projections/names.ts'

export interface Destination {
  readonly address: string
  readonly token?: string | undefined
  /** In milliseconds, for everything together. */
  readonly timeoutMs?: number
  /** How long to wait for its turn if the class is asked too often, in milliseconds; default: not at all. */
  readonly waits?: number
}

/** The class refused; `status` is the HTTP status. The message is for people. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly exitCode = Exit.wrongUse
  readonly status: number
  /** After how many seconds to ask again. */
  readonly wait: number | undefined

  constructor(status: number, sentence: string, wait?: number) {
    super(sentence)
    this.status = status
    this.wait = wait
  }
}

/**
 * One request to the hub: POST with a body, GET without. The reply has the requested `kind`; the hub is trusted for
 * that, and anything shown is treated as plain text. Rejects with ClassUnreachableError or RefusedError.
 */
export async function request<T extends { readonly kind: string }>(
  to: Destination,
  path: string,
  body?: unknown,
): Promise<T> {
  const deadline = performance.now() + (to.waits ?? 0)
  for (;;) {
    try {
      return await once<T>(to, path, body)
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status !== 429 || error.wait === undefined) throw error
      if (performance.now() + error.wait * 1_000 > deadline) throw error
      await sleep(error.wait * 1_000)
    }
  }
}

async function once<T extends { readonly kind: string }>(
  { address, token, timeoutMs = 5_000 }: Destination,
  path: string,
  body: unknown,
): Promise<T> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  let status: number
  let reply: unknown
  let wait: number | undefined
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    // A hub never redirects, so the token stays here.
    const response = await fetch(`${address}${path}`, { ...sent, headers, signal, redirect: 'error' })
    status = response.status
    wait = Number(response.headers.get('retry-after') ?? undefined) || undefined
    reply = await response.json()
  } catch (error) {
    throw new ClassUnreachableError(address, `${address} doesn't answer${why(error)}.`)
  }
  const { kind, sentence } = fieldsOf(reply)
  if (typeof kind !== 'string') throw new ClassError(`The server at ${address} isn't an eventlings class.`)
  if (kind === 'problem' || status >= 400) {
    // A hub is a program on another machine, so its sentences must not control the terminal.
    throw new RefusedError(status, plainText(String(sentence), 500), wait)
  }
  return reply as T
}

function why(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = String(fieldsOf(cause).code ?? '')
  switch (code) {
    case 'ECONNREFUSED':
      return ': nothing listens there'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return ": that name can't be found"
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return ": it can't be reached from here. Are you on the same network?"
    default:
      return error instanceof Error && error.name === 'TimeoutError' ? ' in time' : ''
  }
}
