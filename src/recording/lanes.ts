import { nameOf } from './effects.ts'
import { type Mark, markOf, sentenceOf } from './sentence.ts'
import { shortener } from './short.ts'
import { tellingSteps } from './telling.ts'
import { touches } from './touches.ts'
import type { Collision, CommandStep, Lane, Recording, Step } from './types.ts'

/** A run as rows for one lane per caller: data, which a terminal or a page paints. */
export interface LaneView {
  readonly lanes: readonly Lane[]
  /** The key that the commands leave out because it's shown above them. */
  readonly key?: string
  readonly rows: readonly Row[]
  /** What collided, in a sentence. */
  readonly sentence?: string
}

/** `waiting` has the lanes that the check holds back meanwhile. */
export type Row = { readonly waiting: readonly number[] } & (
  | CommandRow
  /** What isn't a command: a message, something that the server or the check did. */
  | {
      readonly kind: 'event'
      readonly n: number
      readonly at: number
      readonly lane?: number
      readonly text: string
    }
  | { readonly kind: 'held'; readonly lane: number; readonly command: string }
  | { readonly kind: 'released'; readonly lane: number }
  | { readonly kind: 'end'; readonly lane: number; readonly text: string; readonly threw: boolean }
  | { readonly kind: 'gap'; readonly steps: number }
)

export interface CommandRow {
  readonly kind: 'command'
  readonly n: number
  readonly at: number
  readonly lane: number
  readonly command: string
  readonly reply: string
  readonly fate: CommandStep['fate']
  readonly isHeld: boolean
  readonly about: boolean
  readonly mark?: Mark
}

/** What a run needs to be shown in lanes; the rest of a recording may be missing. */
export type Run = Pick<Recording, 'lanes' | 'steps'> & { readonly collision?: Collision }

/** The rows of a run; with `most`, only as many steps: the beginning, the end, and what touches the collision's key. */
export function laneView(run: Run, most: number = Number.POSITIVE_INFINITY): LaneView {
  const { lanes, steps, collision } = run
  const key = collision?.key ?? onlyKey(steps)
  const shorten = shortener(run, key)
  const shown = tellingSteps(run, most)
  const waiting = new Set<number>()
  const rows: Row[] = []
  const add = (row: DistributiveOmit<Row, 'waiting'>) => void rows.push({ ...row, waiting: [...waiting] })
  const held = firstHeld(steps)
  const ends = new Map(steps.flatMap((step) => ('lane' in step ? [[step.lane, step.n] as const] : [])))
  const roles = new Map(lanes.map((lane) => [lane.id, lane]))
  let last = 0
  const hold = (after: number) => {
    for (const step of held.filter(({ held }) => held?.from === after)) {
      add({ kind: 'held', lane: step.lane, command: nameOf(step) })
      waiting.add(step.lane)
    }
  }
  hold(0)
  for (const step of steps) {
    if (step.kind === 'command' && held.includes(step) && waiting.delete(step.lane)) {
      add({ kind: 'released', lane: step.lane })
    }
    if (shown.has(step.n)) {
      if (step.n > last + 1) add({ kind: 'gap', steps: step.n - last - 1 })
      last = step.n
      add(rowOf(step))
    }
    const lane = 'lane' in step && ends.get(step.lane) === step.n ? roles.get(step.lane) : undefined
    if (lane?.result !== undefined) {
      const threw = lane.end === 'threw'
      add({ kind: 'end', lane: lane.id, text: `${threw ? 'throws' : 'returns'} ${lane.result.s}`, threw })
    }
    hold(step.n)
  }
  const left = (steps.at(-1)?.n ?? 0) - last
  if (left > 0) add({ kind: 'gap', steps: left })
  return {
    lanes,
    rows,
    ...(key !== undefined && { key }),
    ...(collision && { sentence: sentenceOf(collision) }),
  }

  function rowOf(step: Step): DistributiveOmit<Row, 'waiting'> {
    const { n, at } = step
    switch (step.kind) {
      case 'command': {
        const mark = markOf(n, collision)
        const { lane, fate, held, about = false } = step
        return {
          kind: 'command',
          n,
          at,
          lane,
          ...shorten(step),
          fate,
          isHeld: held !== undefined,
          about,
          ...(mark && { mark }),
        }
      }
      case 'message':
        return { kind: 'event', n, at, lane: step.lane, text: `message on ${step.channel}: ${step.text.s}` }
      case 'server':
        return { kind: 'event', n, at, text: `server: ${step.cause}${keysIn(step)}` }
      case 'check':
        return { kind: 'event', n, at, text: step.what }
    }
  }
}

/** Of commands held one after the other, the first. */
function firstHeld(steps: readonly Step[]): readonly CommandStep[] {
  const before = new Map<number, CommandStep>()
  return steps.flatMap((step) => {
    if (step.kind !== 'command') return []
    const isFirst = step.held !== undefined && before.get(step.lane)?.held === undefined
    before.set(step.lane, step)
    return isFirst ? [step] : []
  })
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

function keysIn({ changes }: Step): string {
  return changes.length === 0 ? '' : ` ${changes.map(({ key }) => key).join(', ')}`
}

function onlyKey(steps: readonly Step[]): string | undefined {
  const keys = new Set(
    steps.flatMap((step) => (step.kind === 'command' ? touches(step).map(({ key }) => key) : [])),
  )
  return keys.size === 1 ? [...keys][0] : undefined
}
