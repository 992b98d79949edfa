import type { Problem } from '../protocol.ts'

/** Asks the server; what comes back is of the type that protocol.ts gives this address. */
export async function post<Reply>(address: string, body?: object): Promise<Reply | Problem> {
  try {
    const response = await fetch(address, {
      method: 'POST',
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    return (await response.json()) as Reply | Problem
  } catch {
    const sentence = 'The program no longer answers. Start it again in the terminal, then reload this page.'
    return { kind: 'problem', sentence }
  }
}
