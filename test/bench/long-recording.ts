import type { CommandStep, Recording, Text } from '../../src/recording/index.ts'

/** A made-up recording of a lesson: two clients that append to `keys` streams in turn. */
export function longRecording(slug: string, commands: number, keys: number): Recording {
  const steps = Array.from({ length: commands }, (_, i) =>
    appending(i, `stream:${i % keys}`, Math.floor(i / keys)),
  )
  const lane = (id: number, role: string) => ({ id, role, connections: [id], end: 'returned' as const })
  return {
    v: 1,
    lesson: slug,
    version: '',
    task: 'append',
    test: 'appends a lot',
    engine: 'none',
    depth: 'changes',
    lanes: [lane(1, 'first writer'), lane(2, 'second writer')],
    before: Array.from({ length: keys }, (_, i) => ({
      key: `stream:${i}`,
      type: 'stream' as const,
      entries: [],
      length: 0,
      lastId: '0-0',
      groups: [],
    })),
    steps,
    after: [],
  }
}

function appending(i: number, key: string, length: number): CommandStep {
  const [id, last] = [`${i + 1}-0`, length === 0 ? '0-0' : `${i + 1}-0`]
  const text = (s: string): Text => ({ s })
  const entry = { id, fields: [text('event'), text(JSON.stringify({ number: i, name: 'Ada' }))] }
  return {
    n: i + 1,
    kind: 'command',
    at: i,
    issued: i,
    answered: i + 1,
    lane: 1 + (i % 2),
    connection: 1 + (i % 2),
    args: [text('XADD'), text(key), text('*'), ...entry.fields],
    fate: 'answered',
    reply: text(id),
    changes: [{ key, type: 'stream', add: [entry], lastId: [last, id], length: [length, length + 1] }],
  }
}
