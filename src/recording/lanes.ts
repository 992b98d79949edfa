import { effectsOf } from './effects.ts'
import { collidingSteps, type Mark, markOf, sentenceOf } from './sentence.ts'
import { shortener, shortId } from './short.ts'
import { tellingSteps } from './telling.ts'
import { nameOf, touches } from './touches.ts'
import type { CheckStep, Collision, CommandStep, Lane, Recording, Step, Text } from './types.ts'

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
      /** Where there's too little room for `text`, whose end would be cut. */
      readonly short?: string
      readonly mark?: Mark
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
  /** What an EXEC executed. */
  readonly queued?: { readonly steps: readonly number[]; readonly text: string }
}

/** What a run needs to be shown in lanes; the rest of a recording may be missing. */
export type Run = Pick<Recording, 'lanes' | 'steps'> & { readonly collision?: Collision }

/** The rows of a run; with `most`, only as many steps: the beginning, the end, and what touches the collision's key. */
export function laneView(run: Run, most: number = Number.POSITIVE_INFINITY): LaneView {
  const { steps, collision } = run
  const { lanes, testLane } = withTestLane(run)
  const key = collision?.key ?? onlyKey(steps)
  const shorten = shortener(run, key)
  const shown = tellingSteps(run, most)
  const waiting = new Set<number>()
  const rows: Row[] = []
  const add = (row: DistributiveOmit<Row, 'waiting'>) => void rows.push({ ...row, waiting: [...waiting] })
  const held = firstHeld(steps)
  const queues = new Map(effectsOf(steps).map(({ n, parts }) => [n, parts]))
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
      add({
        kind: 'end',
        lane: lane.id,
        text: `${threw ? 'throws' : 'returns'} ${shortId(lane.result.s)}`,
        threw,
      })
    }
    hold(step.n)
  }
  const left = (steps.at(-1)?.n ?? 0) - last
  if (left > 0) add({ kind: 'gap', steps: left })
  return {
    lanes,
    rows: namingQueued(rows),
    ...(key !== undefined && { key }),
    ...(collision && { sentence: sentenceOf(collision) }),
  }

  /** In order; `short` begins with the first one that touches the key above the lanes. */
  function sentInWords(sent: readonly (readonly Text[])[], start: string) {
    const first = sent.findIndex((args) => touches({ args }).some((touch) => touch.key === key))
    const inWords = (some: typeof sent) => some.map(shorten.command).join(', ')
    const text = `${start}${inWords(sent)}`
    return first > 0 ? { text, short: `${start}…, ${inWords(sent.slice(first))}` } : { text }
  }

  function rowOf(step: Step): DistributiveOmit<Row, 'waiting'> {
    const { n, at } = step
    const mark = markOf(n, collision)
    switch (step.kind) {
      case 'command': {
        const { lane, fate, held, about = false } = step
        const queued = nameOf(step) === 'EXEC' ? queues.get(n) : undefined
        return {
          kind: 'command',
          n,
          at,
          lane,
          ...shorten.step(step),
          fate,
          isHeld: held !== undefined,
          about,
          ...(mark && { mark }),
          ...(queued && {
            queued: {
              steps: queued.map((one) => one.n),
              text: queued.map((one) => shorten.step(one).command).join(', '),
            },
          }),
        }
      }
      case 'message':
        return { kind: 'event', n, at, lane: step.lane, text: `message on ${step.channel}: ${step.text.s}` }
      case 'server':
        return { kind: 'event', n, at, text: `server: ${step.cause}${keysIn(step)}` }
      case 'check': {
        const sent = step.sent ?? []
        const start = testLane === undefined ? 'the test sends ' : ''
        const words = sent.length > 0 ? sentInWords(sent, start) : { text: step.what }
        const lane = sent.length > 0 ? testLane : undefined
        return { kind: 'event', n, at, ...words, ...(lane !== undefined && { lane }), ...(mark && { mark }) }
      }
    }
  }
}

/** Only the steps that took part in the collision. */
export function collidingRows(view: LaneView, collision: Collision): LaneView {
  const colliding = collidingSteps(collision)
  const rows = view.rows.filter((row) => 'n' in row && colliding.includes(row.n))
  return { ...view, rows: namingQueued(rows.map((row) => ({ ...row, waiting: [] }))) }
}

/** Has EXEC name what it executed, unless all of that is in the rows. */
export function namingQueued(rows: readonly Row[]): readonly Row[] {
  const shown = new Set(rows.flatMap((row) => ('n' in row ? row.n : [])))
  return rows.map((row) =>
    row.kind === 'command' && row.queued?.steps.some((n) => !shown.has(n))
      ? { ...row, command: `EXEC: ${row.queued.text}` }
      : row,
  )
}

const THE_TEST = 'the test'

/**
 * What the test itself sent is in the lane of the test. It gets one if it collided with the answer's only lane; beside
 * two of them there's no room for a third.
 */
function withTestLane({ lanes, steps, collision }: Run) {
  const known = lanes.find(({ role }) => role === THE_TEST)
  if (known !== undefined) return { lanes, testLane: known.id }
  const marked = collidingSteps(collision)
  const hasCollided = steps.some((step) => step.kind === 'check' && step.sent && marked.includes(step.n))
  if (!hasCollided || lanes.length !== 1) return { lanes, testLane: undefined }
  const testLane = Math.max(0, ...lanes.map(({ id }) => id)) + 1
  const lane: Lane = { id: testLane, role: THE_TEST, connections: [], end: 'open' }
  return { lanes: [...lanes, lane], testLane }
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

function sentBy({ sent = [] }: CheckStep): readonly Pick<CommandStep, 'args'>[] {
  return sent.map((args) => ({ args }))
}

function onlyKey(steps: readonly Step[]): string | undefined {
  const keys = new Set(
    steps.flatMap((step) => {
      const commands = step.kind === 'command' ? [step] : step.kind === 'check' ? sentBy(step) : []
      return commands.flatMap(touches).map(({ key }) => key)
    }),
  )
  return keys.size === 1 ? [...keys][0] : undefined
}
