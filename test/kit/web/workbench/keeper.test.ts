import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Keeper, type Keeping } from '../../../../src/web/client/workbench/keeper.ts'
import type { SaveReply } from '../../../../src/web/workbench/protocol.ts'

interface Sent {
  readonly text: string
  readonly base: string
  readonly isLeaving: boolean
  reply(reply: SaveReply): void
}

let sent: Sent[]
let kept: string[]

beforeEach(() => {
  sent = []
  kept = []
  vi.useFakeTimers()
  vi.stubGlobal('fetch', (_: string, { body, headers, keepalive }: RequestInit) => {
    return new Promise<Response>((resolve) =>
      sent.push({
        text: String(body),
        base: new Headers(headers).get('if-match') ?? '',
        isLeaving: keepalive === true,
        reply: (reply) => resolve(Response.json(reply)),
      }),
    )
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A page whose editor has the first version of the file. */
function newPage() {
  const editor = {
    text: 'one',
    snapshot: () => ({}),
    replace(text: string) {
      editor.text = text
    },
  }
  const keepings: Keeping[] = []
  const keeper = new Keeper({
    slug: '01-events',
    draft: { base: 'h1', baseText: 'one' },
    editor: () => editor,
    keep: ({ text }) => kept.push(text),
    onKeeping: (keeping) => keepings.push(keeping),
    onSyntax: () => {},
  })
  const type = (text: string) => {
    editor.text = text
    keeper.changed()
  }
  return { keeper, type, keeping: () => keepings.at(-1)?.kind }
}

const settled = () => vi.advanceTimersByTimeAsync(0)
const saved = (hash: string, rev: number): SaveReply => ({ kind: 'saved', hash, rev })

test('of two saves that wait for a third, one sends at a time, each based on the version before', async () => {
  const { keeper, type, keeping } = newPage()
  type('two')
  const first = keeper.save()
  await settled()
  type('three')
  const others = [keeper.save(), keeper.save()]
  sent[0]?.reply(saved('h2', 2))
  await settled()
  expect(sent.map(({ text, base }) => [text, base])).toEqual([
    ['two', 'h1'],
    ['three', 'h2'],
  ])
  sent[1]?.reply(saved('h3', 3))
  expect(await first).toBe(false) // the learner had typed again
  expect(await Promise.all(others)).toEqual([true, true])
  expect(sent).toHaveLength(2)
  expect(keeping()).toBe('saved')
})

test('what is sent as the page is hidden counts: the next save is based on it', async () => {
  const { keeper, type, keeping } = newPage()
  type('two')
  keeper.leave()
  keeper.leave()
  await settled()
  expect(sent).toMatchObject([{ text: 'two', base: 'h1', isLeaving: true }])
  type('three')
  const next = keeper.save()
  await settled()
  expect(sent).toHaveLength(1)
  sent[0]?.reply(saved('h2', 2))
  await settled()
  expect(sent[1]).toMatchObject({ text: 'three', base: 'h2', isLeaving: false })
  sent[1]?.reply(saved('h3', 3))
  expect(await next).toBe(true)
  expect(keeping()).toBe('saved')
})

test('a larger text is sent as usual, because no browser sends that much after closing', async () => {
  const { keeper, type } = newPage()
  type('x'.repeat(60_001))
  keeper.leave()
  await settled()
  expect(sent).toMatchObject([{ isLeaving: false }])
})

test('the text is kept at most every 300 ms while the learner types, and as the page is left', async () => {
  const { keeper, type } = newPage()
  for (const text of ['t', 'tw', 'two']) type(text)
  expect(kept).toEqual([])
  await vi.advanceTimersByTimeAsync(300)
  expect(kept).toEqual(['two'])
  type('two, too')
  keeper.leave()
  expect(kept).toEqual(['two', 'two, too'])
})

test('news that change nothing keep nothing', async () => {
  const { keeper } = newPage()
  for (const rev of [1, 2, 3]) keeper.hear({ kind: 'text', hash: 'h1', text: 'one' }, rev)
  expect(kept).toEqual(['one'])
  keeper.hear({ kind: 'text', hash: 'h2', text: 'theirs' }, 4)
  expect(kept).toEqual(['one', 'theirs'])
})
