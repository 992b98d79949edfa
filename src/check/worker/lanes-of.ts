import { inspect } from 'node:util'
import type { Lane, Text } from '../../recording/index.ts'
import { isReadOnly } from '../kit/guards/read-only.ts'
import type { Caller, Part } from '../kit/races/callers.ts'
import type { Logged } from '../kit/recorder/step-log.ts'
import { shorten } from '../kit/show.ts'

/** Maximum length of what a caller returned. */
const MOST_RESULT = 200

/** The order of the lanes, which is the same in every round of a race. */
const PLACES: Readonly<Record<Part, number>> = { first: 0, process: 0, second: 1, only: 2, test: 3 }

/** The callers of the learner's code: those of a race, then the others in the order in which they appear. */
export function lanesOf(log: readonly Logged[]) {
  const seen = new Map<Caller, { readonly connections: Set<number>; readonly names: Set<string> }>()
  for (const one of log) {
    if (one.kind !== 'command' && one.kind !== 'message') continue
    const [caller, client] =
      one.kind === 'command' ? [one.command.caller, one.command.client] : [one.caller, one.client]
    const lane = seen.get(caller) ?? { connections: new Set(), names: new Set() }
    seen.set(caller, lane)
    lane.connections.add(client)
    if (one.kind === 'command') lane.names.add(one.command.name)
  }
  const sorted = [...seen].sort(([a], [b]) => PLACES[a.part] - PLACES[b.part])
  const callers = sorted.map(([caller]) => caller)
  const racing = sorted.filter(([{ part }]) => part === 'first' || part === 'second')
  // "first writer" and "second writer", but "reader" and "writer".
  const isCounted = racing.length > new Set(racing.map(([, { names }]) => doing(names))).size
  const others = [...seen.keys()].filter(({ part }) => part === 'only')
  const [first] = seen.keys()
  /** The only one after a process that died continues its work. */
  const next =
    first?.part === 'process' && first.end === 'died' && others.length === 1 ? others[0] : undefined
  const lanes = sorted.map(([caller, { connections, names }], index): Lane => {
    const result = resultOf(caller)
    return {
      id: index + 1,
      role: caller === next ? 'next process' : roleOf(caller, names, connections, isCounted),
      connections: [...connections],
      end: caller.end,
      ...(result && { result }),
    }
  })
  return { lanes, laneOf: (caller: Caller) => callers.indexOf(caller) + 1 }
}

function roleOf(
  { part, end }: Caller,
  names: ReadonlySet<string>,
  connections: ReadonlySet<number>,
  isCounted: boolean,
): string {
  switch (part) {
    case 'first':
    case 'second':
      return isCounted ? `${part} ${doing(names)}` : doing(names)
    case 'process':
      return end === 'died' ? 'process that dies' : 'process'
    case 'test':
      return 'the test'
    case 'only':
      return `client ${Math.min(...connections)}`
  }
}

function doing(names: ReadonlySet<string>): string {
  const all = [...names]
  if (all.some((name) => /^(XREADGROUP|XCLAIM|XAUTOCLAIM)$/.test(name))) return 'consumer'
  return all.some((name) => name !== 'EXEC' && !isReadOnly(name)) ? 'writer' : 'reader'
}

function resultOf({ end, result }: Caller): Text | undefined {
  if (result === undefined || (end !== 'returned' && end !== 'threw')) return undefined
  const text =
    result instanceof Error
      ? `${result.name}: ${result.message}`
      : inspect(result, { depth: 2, breakLength: Number.POSITIVE_INFINITY })
  return { s: shorten(text, MOST_RESULT) }
}
