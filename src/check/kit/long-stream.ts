import type { Redis } from 'ioredis'
import type { SentCommand } from './context.ts'
import { largestReply } from './replies.ts'

type Fields = Readonly<Record<string, string>>

export interface LongStream {
  /** Maximum number of entries that the lesson allows in a page. */
  readonly page: number
  /** The content of entry n, counted from 1. */
  readonly fields: (n: number) => Fields
  /** The content of an entry that the learner's code leaves out. Without it, every entry counts. */
  readonly leftOut?: (n: number) => Fields
  /** The ID of entry n. Default: `7-<n>`, so that all of them share one millisecond. */
  readonly id?: (n: number) => string
}

export interface PlantedStream {
  /** IDs of the entries that count, in stream order. */
  readonly counted: readonly string[]
  readonly leftOut: readonly string[]
}

/** One entry in ten, so that every page but the smallest contains some. */
const LEFT_OUT_EVERY = 10
const AFTER_THE_GAP = 10

/** Whether entry n is left out: one in ten of the first page, then a whole page, and none of the last few. */
export function isLeftOut(n: number, page: number): boolean {
  return n > page ? n <= 2 * page : n % LEFT_OUT_EVERY === 0
}

/**
 * Plants a stream that is longer than two pages and contains what a loop over pages can get wrong: more entries in
 * one millisecond than a page takes and, with `leftOut`, an entry in each page that doesn't count and a whole page of
 * nothing else.
 */
export async function plantLongStream(
  admin: Redis,
  stream: string,
  { page, fields, leftOut, id = (n) => `7-${n}` }: LongStream,
): Promise<PlantedStream> {
  const planted = { counted: [] as string[], leftOut: [] as string[] }
  const pipeline = admin.pipeline()
  for (let n = 1; n <= 2 * page + AFTER_THE_GAP; n += 1) {
    const skipped = leftOut !== undefined && isLeftOut(n, page)
    planted[skipped ? 'leftOut' : 'counted'].push(id(n))
    pipeline.xadd(stream, id(n), ...Object.entries((skipped ? leftOut : fields)(n)).flat())
  }
  await pipeline.exec()
  return planted
}

/**
 * The sentence to add to a diagnosis about entries that a loop over pages didn't reach: a page began at the next
 * millisecond, or the loop ended after a full page. Otherwise an empty string.
 */
export function pagingFault(commands: readonly SentCommand[]): string {
  return skippedMillisecond(commands) || stoppedAtFullPage(commands)
}

function skippedMillisecond(commands: readonly SentCommand[]): string {
  let last: Id | undefined
  for (const { name, args, reply } of commands) {
    if (last !== undefined && READS.test(name) && args.some((arg, i) => isNext(arg, i, last))) {
      return ` The next page begins after the last ID of this one, \`(${last.ms}-${last.sequence}\`, not at the next millisecond.`
    }
    last = lastId(reply) ?? last
  }
  return ''
}

function stoppedAtFullPage(commands: readonly SentCommand[]): string {
  const { args = [], reply } = commands.findLast(({ name }) => PAGED.test(name)) ?? {}
  const asked = Number(args[args.findIndex((arg) => /^COUNT$/i.test(arg)) + 1])
  if (largestReply([{ name: 'XRANGE', reply }]) !== asked) return ''
  return ` The loop ended after a full page of ${asked} entries. Count the entries that Redis returned before you leave any of them out, and continue until a page isn't full.`
}

interface Id {
  readonly ms: number
  readonly sequence: number
}

const READS = /^(XRANGE|XREAD|XREADGROUP|XPENDING|XAUTOCLAIM|EVAL|EVALSHA|FCALL)$/i
const PAGED = /^(XRANGE|XREAD|XREADGROUP)$/i

/**
 * `8-0` or `(8-0` after `7-100`; in an XRANGE, whose start is its second argument, a bare `8` or `(8`, too. Not after `7-0`:
 * such IDs are versions, and `8-0` is the next one.
 */
function isNext(arg: string, place: number, last: Id | undefined): boolean {
  const [, ms, sequence] = /^\(?(\d+)(-0)?$/.exec(arg) ?? []
  return (
    last !== undefined &&
    last.sequence > 0 &&
    Number(ms) === last.ms + 1 &&
    (sequence !== undefined || place === 1)
  )
}

/** The ID of the last entry in a reply, however deep. */
function lastId(reply: unknown): Id | undefined {
  if (!Array.isArray(reply)) return undefined
  const [, ms, sequence] = /^(\d+)-(\d+)$/.exec(String(reply[0])) ?? []
  if (ms !== undefined && !Array.isArray(reply[0])) return { ms: Number(ms), sequence: Number(sequence) }
  for (const one of [...reply].reverse()) {
    const found = lastId(one)
    if (found !== undefined) return found
  }
  return undefined
}
