import { gzipSync } from 'node:zlib'
import type { Recording, Step } from '../../../src/recording/index.ts'
import type { failed } from './class.ts'

/** A recording of two writers, as a check makes it. */
export function recordingOf(lesson: string, more: Partial<Recording> = {}): Recording {
  const command = (n: number, lane: number, ...args: readonly string[]): Step => ({
    kind: 'command',
    n,
    at: n,
    lane,
    connection: lane,
    args: args.map((s) => ({ s })),
    issued: n,
    answered: n,
    fate: 'answered',
    reply: { s: '(integer) 1' },
    place: { file: 'workspace/07-concurrency.ts', line: 12 },
    changes: [],
  })
  return {
    v: 1,
    lesson,
    version: '1',
    task: 'appendEvent',
    test: 'lets one of two writers win',
    engine: 'Redis 7.0.15',
    depth: 'order',
    lanes: [
      { id: 1, role: 'first writer', connections: [1], end: 'returned' },
      { id: 2, role: 'second writer', connections: [2], end: 'returned' },
    ],
    before: [],
    steps: [
      command(1, 1, 'XLEN', 'account'),
      command(2, 2, 'XLEN', 'account'),
      command(3, 2, 'XADD', 'account', '*', 'n', '3'),
      command(4, 1, 'XADD', 'account', '*', 'n', '2'),
    ],
    after: [],
    failure: { diagnosis: 'Both won.' },
    collision: { kind: 'stale', key: 'account', looked: 1, changed: 3, wrote: 4 },
    ...more,
  }
}

/** As a participant sends it with their check. */
export function runOf({ eventId, entityId: slug }: ReturnType<typeof failed>, recording: unknown) {
  return { eventId, slug, run: gzipSync(JSON.stringify(recording)).toString('base64') }
}
