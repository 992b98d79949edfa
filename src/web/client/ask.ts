import type { Problem } from '../protocol.ts'

/**
 * Sends a request to the server; the reply has the type that protocol.ts, or the class's api.ts, gives this address.
 */
export async function ask<Reply>(address: string, init?: RequestInit): Promise<Reply | Problem> {
  try {
    const response = await fetch(address, init)
    return (await response.json()) as Reply | Problem
  } catch {
    const sentence = 'The program no longer responds. Start it again in the terminal, then reload this page.'
    return { kind: 'problem', sentence }
  }
}

/** Requests an action. */
export function post<Reply>(address: string, body?: object): Promise<Reply | Problem> {
  return ask(address, {
    method: 'POST',
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
}
