import type { CheckWish, SaveReply } from '../../workbench/protocol.ts'

/** The program doesn't answer, or it doesn't know this browser. */
export interface NoAnswer {
  readonly kind: 'no answer'
  readonly why: 'away' | 'not let in'
}

/** Maximum size (bytes) of what a browser still sends after its page was closed; the rest of 64 kB is for headers. */
const MOST_AFTER_CLOSING = 60_000
/** Maximum time (ms) to wait for a reply that the program has ready; one that's stopped, or asleep, sends none. */
const PATIENCE_MS = 10_000

export async function saveFile(
  slug: string,
  text: string,
  base: string | null,
  isLeaving = false,
): Promise<SaveReply | NoAnswer> {
  return await requestSoon<SaveReply>(`/workbench/${slug}/file`, {
    method: 'PUT',
    body: text,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'if-match': base ?? 'none' },
    // Without it, a larger one is still saved if the page is only hidden.
    keepalive: isLeaving && new Blob([text]).size <= MOST_AFTER_CLOSING,
  })
}

/** For what takes no time: a program that doesn't reply soon doesn't answer. */
export async function requestSoon<Reply>(address: string, init?: RequestInit): Promise<Reply | NoAnswer> {
  const waiting = new AbortController()
  const timer = setTimeout(() => waiting.abort(), PATIENCE_MS)
  try {
    return await request<Reply>(address, { ...init, signal: waiting.signal })
  } finally {
    clearTimeout(timer)
  }
}

export async function askForCheck(slug: string, wish: CheckWish): Promise<unknown> {
  return await request(`/workbench/${slug}/check?wish=${wish}`, { method: 'POST' })
}

export async function request<Reply>(address: string, init?: RequestInit): Promise<Reply | NoAnswer> {
  try {
    const response = await fetch(address, init)
    if (response.status === 401) return { kind: 'no answer', why: 'not let in' }
    return (await response.json()) as Reply
  } catch {
    return { kind: 'no answer', why: 'away' }
  }
}

export function isAnswer<Reply>(reply: Reply | NoAnswer): reply is Reply {
  return !(typeof reply === 'object' && reply !== null && 'kind' in reply && reply.kind === 'no answer')
}
