import type { CheckWish, SaveReply } from '../../workbench/protocol.ts'

/** The program doesn't answer, or it doesn't know this browser. */
export interface NoAnswer {
  readonly kind: 'no answer'
  readonly why: 'away' | 'not let in'
}

export async function saveFile(
  slug: string,
  text: string,
  base: string | null,
  isLeaving = false,
): Promise<SaveReply | NoAnswer> {
  return await request<SaveReply>(`/workbench/${slug}/file`, {
    method: 'PUT',
    body: text,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'if-match': base ?? 'none' },
    keepalive: isLeaving,
  })
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
