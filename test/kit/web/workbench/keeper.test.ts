import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Keeper, type Keeping } from '../../../../src/web/client/workbench/keeper.ts'
import type { SaveReply } from '../../../../src/web/workbench/protocol.ts'

interface Sent {
  readonly text: string
  readonly base: string
  readonly isLeaving: boolean
  reply(reply: SaveReply): void
  /** The connection breaks; the server may have received it. */
  lose(): void
  /** The program was started again, and doesn't know this browser yet. */
  refuse(): void
}

let sent: Sent[]
let kept: string[]

beforeEach(() => {
  sent = []
  kept = []
  vi.useFakeTimers()
  vi.stubGlobal('fetch', (_: string, { body, headers, keepalive, signal }: RequestInit) => {
    return new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      sent.push({
        text: String(body),
        base: new Headers(headers).get('if-match') ?? '',
        isLeaving: keepalive === true,
        reply: (reply) => resolve(Response.json(reply)),
        lose: () => reject(new TypeError('Failed to fetch')),
        refuse: () => resolve(Response.json({}, { status: 401 })),
      })
    })
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
  let syntax: string | undefined
  const keeper = new Keeper({
    slug: '01-events',
    draft: { base: 'h1', baseText: 'one' },
    editor: () => editor,
    keep: ({ text }) => kept.push(text),
    onKeeping: (keeping) => keepings.push(keeping),
    onSyntax: (problem) => {
      syntax = problem?.message
    },
  })
  const type = (text: string) => {
    editor.text = text
    keeper.changed()
  }
  return { keeper, type, text: () => editor.text, keeping: () => keepings.at(-1)?.kind, syntax: () => syntax }
}

const settled = () => vi.advanceTimersByTimeAsync(0)
const saved = (hash: string, rev: number): SaveReply => ({ kind: 'saved', hash, rev })
const file = (text: string, hash: string) => ({ kind: 'text', text, hash }) as const

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

test('news that changes nothing stores nothing', async () => {
  const { keeper } = newPage()
  for (const rev of [1, 2, 3]) keeper.hear({ kind: 'text', hash: 'h1', text: 'one' }, rev)
  expect(kept).toEqual(['one'])
  keeper.hear({ kind: 'text', hash: 'h2', text: 'theirs' }, 4)
  expect(kept).toEqual(['one', 'theirs'])
})

describe('when the connection breaks', () => {
  test("a save that arrived without its reply isn't another program's version", async () => {
    const { keeper, type, keeping } = newPage()
    type('two')
    await vi.advanceTimersByTimeAsync(1_000)
    sent[0]?.lose()
    await settled()
    type('two, three')
    await vi.advanceTimersByTimeAsync(1_000)
    sent[1]?.lose()
    await settled()
    expect(keeping()).toBe('no answer')
    keeper.hear(file('two', 'h2'), 2)
    await settled()
    expect(sent[2]).toMatchObject({ text: 'two, three', base: 'h2' })
    sent[2]?.reply(saved('h3', 3))
    await settled()
    expect(keeping()).toBe('saved')
  })

  test('it may also be the reply to the next save that says so', async () => {
    const { type, keeping } = newPage()
    type('two')
    await vi.advanceTimersByTimeAsync(1_000)
    sent[0]?.lose()
    await settled()
    type('two, three')
    await vi.advanceTimersByTimeAsync(1_000)
    sent[1]?.reply({ kind: 'conflict', file: file('two', 'h2'), rev: 2 })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(sent[2]).toMatchObject({ text: 'two, three', base: 'h2' })
    sent[2]?.reply(saved('h3', 3))
    await settled()
    expect(keeping()).toBe('saved')
  })

  test('a save is tried again, even if the news of the file came while it was on its way', async () => {
    const { keeper, type, keeping } = newPage()
    type('two')
    await vi.advanceTimersByTimeAsync(1_000)
    keeper.hear(file('one', 'h1'), 2)
    sent[0]?.refuse()
    await settled()
    expect(keeping()).toBe('no answer')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(keeping(), 'nothing flickers').toBe('no answer')
    sent[1]?.reply(saved('h2', 3))
    await settled()
    expect(keeping()).toBe('saved')
  })

  test("a program that's stopped, and doesn't reply at all, is given up after ten seconds, and tried again", async () => {
    const { type, keeping } = newPage()
    type('two')
    await vi.advanceTimersByTimeAsync(1_000 + 9_999)
    expect(keeping()).toBe('saving')
    await vi.advanceTimersByTimeAsync(1)
    expect(keeping()).toBe('no answer')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(sent).toHaveLength(2)
    sent[1]?.reply({ kind: 'conflict', file: file('two', 'h2'), rev: 2 }) // it did get the first one
    await settled()
    expect(keeping()).toBe('saved')
  })

  test("a question that's open stays open", async () => {
    const { keeper, type, keeping } = newPage()
    type('two')
    await vi.advanceTimersByTimeAsync(1_000)
    keeper.hear(file('theirs', 'h2'), 2)
    sent[0]?.lose()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(keeping()).toBe('conflict')
    expect(sent).toHaveLength(1)
  })
})

test('the browser asks before a tab is closed if what was typed would be gone with it, and only then', async () => {
  const { keeper, type } = newPage()
  expect(keeper.isAtRisk).toBe(false)
  type('two')
  expect(keeper.isAtRisk, 'it is sent as the page is left').toBe(false)
  await vi.advanceTimersByTimeAsync(1_000)
  sent[0]?.lose()
  await settled()
  expect(keeper.isAtRisk, 'the program is away').toBe(true)
  await vi.advanceTimersByTimeAsync(2_000)
  sent[1]?.reply({ kind: 'problem', sentence: 'The disk is full.' })
  await settled()
  expect(keeper.isAtRisk, "it couldn't be written").toBe(true)
  keeper.hear(file('theirs', 'h2'), 2)
  expect(keeper.isAtRisk, 'the learner has to choose first').toBe(true)
  await Promise.all([keeper.resolve('theirs'), settled()])
  expect(keeper.isAtRisk).toBe(false)
})

test('news that is older than what the page knows ends no question', async () => {
  const { keeper, type, keeping } = newPage()
  type('two')
  await vi.advanceTimersByTimeAsync(1_000)
  keeper.hear(file('theirs, later', 'h3'), 3)
  sent[0]?.reply({ kind: 'conflict', file: file('theirs', 'h2'), rev: 2 })
  await settled()
  expect(keeping()).toBe('conflict')
})

test('a version that came after a save replaces it, even if the news of it was faster than the reply', async () => {
  const { keeper, type, keeping, text } = newPage()
  type('two')
  await vi.advanceTimersByTimeAsync(1_000)
  keeper.hear(file('theirs', 'h3'), 3)
  sent[0]?.reply(saved('h2', 2))
  await settled()
  expect(keeping()).toBe('saved')
  expect(text()).toBe('theirs')
})

test('a version that the page took before the reply to its own save is what the next save is based on', async () => {
  const { keeper, type, keeping, text, syntax } = newPage()
  type('two')
  await vi.advanceTimersByTimeAsync(1_000)
  keeper.hear(file('two', 'h2'), 2)
  keeper.hear(file('theirs', 'h3'), 3)
  expect(text()).toBe('theirs')
  sent[0]?.reply({ kind: 'saved', hash: 'h2', rev: 2, syntax: { message: 'of two', line: 1 } })
  await settled()
  expect(keeping()).toBe('saved')
  expect(syntax()).toBeUndefined()
  type('theirs and mine')
  keeper.hear(file('theirs', 'h3'), 3)
  expect(keeping(), 'nothing was changed elsewhere').toBe('typing')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(sent[1]).toMatchObject({ text: 'theirs and mine', base: 'h3' })
})

test('so is one that puts the file back as it was before the save', async () => {
  const { keeper, type, keeping, text } = newPage()
  type('two')
  await vi.advanceTimersByTimeAsync(1_000)
  keeper.hear(file('two', 'h2'), 2)
  keeper.hear(file('one', 'h1'), 3)
  expect(text()).toBe('one')
  sent[0]?.reply(saved('h2', 2))
  await settled()
  expect(keeping()).toBe('saved')
  type('one and mine')
  await vi.advanceTimersByTimeAsync(1_000)
  expect(sent[1]).toMatchObject({ text: 'one and mine', base: 'h1' })
})

test("another program's version isn't shown with a syntax error of the text before", async () => {
  const { keeper, type, syntax } = newPage()
  type('two {')
  await vi.advanceTimersByTimeAsync(1_000)
  sent[0]?.reply({ kind: 'saved', hash: 'h2', rev: 2, syntax: { message: 'Expected "}"', line: 1 } })
  await settled()
  expect(syntax()).toBe('Expected "}"')
  keeper.hear(file('three', 'h3'), 3)
  expect(syntax()).toBeUndefined()
})

test("a file that's renamed and renamed back before the reply to its save is there", async () => {
  const { keeper, type, keeping } = newPage()
  type('two')
  await vi.advanceTimersByTimeAsync(1_000)
  keeper.hear(file('two', 'h2'), 2)
  keeper.hear({ kind: 'gone', sentence: 'It is gone.' }, 3)
  keeper.hear(file('two', 'h2'), 4)
  sent[0]?.reply(saved('h2', 2))
  await settled()
  expect(keeping()).toBe('saved')
})

test("a file that's deleted after a save stays deleted when the save's reply comes later", async () => {
  const { keeper, type, keeping } = newPage()
  type('two')
  const saving = keeper.save()
  await settled()
  keeper.hear({ kind: 'gone', sentence: 'It is gone.' }, 3)
  sent[0]?.reply(saved('h2', 2))
  expect(await saving).toBe(false)
  expect(keeping()).toBe('gone')
})
