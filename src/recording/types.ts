/**
 * A run of one test as data: the commands in the order in which Redis executed them, what each one changed, which were
 * held back, and which collided. Numbers of steps count from 1.
 */
export interface Recording {
  readonly v: 1
  /** The slug. */
  readonly lesson: string
  /** Of the lesson's tasks and the suite, so that a recording of another version can say so. */
  readonly version: string
  readonly task: string
  readonly test: string
  /** For people: 'Redis 7.0.15'. */
  readonly engine: string
  /** `order`: every step's `changes` is empty, and `before` and `after` are too. */
  readonly depth: 'order' | 'changes'
  readonly lanes: readonly Lane[]
  readonly before: readonly KeyState[]
  readonly steps: readonly Step[]
  readonly after: readonly KeyState[]
  readonly failure?: RecordedFailure
  readonly collision?: Collision
  /** Why there's only the order, as a sentence for people. */
  readonly note?: string
  /** What was left out because it would have been too much. */
  readonly cut?: { readonly steps: number; readonly bytes: number }
}

/** What the failed test said. */
export interface RecordedFailure {
  readonly diagnosis: string
  readonly expected?: string
  readonly received?: string
}

/** One caller of the answer's code: a writer, a reader, a process. */
export interface Lane {
  readonly id: number
  /** 'first writer' */
  readonly role: string
  /** Its connections, by number. */
  readonly connections: readonly number[]
  readonly end: 'returned' | 'threw' | 'died' | 'open'
  readonly result?: Text
}

export interface Text {
  readonly s: string
  /** The full length, if `s` is cut or stands for bytes that aren't text. */
  readonly bytes?: number
  /** This was a password or the like. */
  readonly hidden?: true
}

interface AnyStep {
  readonly n: number
  /** Milliseconds since the test began, when it was sent. */
  readonly at: number
  readonly changes: readonly Change[]
}

export interface CommandStep extends AnyStep {
  readonly kind: 'command'
  readonly lane: number
  readonly connection: number
  /** `host:port` of a cluster's node. */
  readonly node?: string
  /** The command's name and its arguments. */
  readonly args: readonly Text[]
  readonly place?: { readonly file: string; readonly line: number }
  readonly issued: number
  readonly answered?: number
  /**
   * The check held it back: from when the step `from` had been answered (0: from the beginning) until the step `until`
   * had been.
   */
  readonly held?: { readonly from: number; readonly until: number }
  /** It overlapped a command of another connection, so which of the two Redis executed first isn't known. */
  readonly about?: true
  readonly fate: 'answered' | 'refused' | 'unsent' | 'open' | 'cut' | 'lost' | 'parked'
  readonly reply?: Text
  /** Parked commands that this one woke, by step. */
  readonly woke?: readonly number[]
  readonly group?: { readonly kind: 'multi' | 'pipeline'; readonly id: number; readonly part: number }
  /** It repeats this step, whose reply was lost. */
  readonly repeats?: number
}

/** A message of Pub/Sub that reached a subscriber. `from` is the step that published it. */
export interface MessageStep extends AnyStep {
  readonly kind: 'message'
  readonly lane: number
  readonly channel: string
  readonly text: Text
  readonly from?: number
}

/** Something that the server did of its own accord. */
export interface ServerStep extends AnyStep {
  readonly kind: 'server'
  readonly cause: 'expired' | 'evicted' | 'killed' | 'restarted'
}

/** Something that the check did: 'the test sends XADD s 1-0 f v'. */
export interface CheckStep extends AnyStep {
  readonly kind: 'check'
  readonly what: string
  /** The test's own commands, each with its name and its arguments: the first few, if there are many. */
  readonly sent?: readonly (readonly Text[])[]
  /** Parked commands that this woke, by step. */
  readonly woke?: readonly number[]
}

export type Step = CommandStep | MessageStep | ServerStep | CheckStep

/** A key and what it holds. Values beyond the limits are `large`: only their length is known. */
export type KeyState = { readonly key: string; readonly pttl?: number } & (
  | {
      readonly type: 'stream'
      readonly entries: readonly Entry[]
      readonly length: number
      readonly lastId: string
      readonly groups: readonly GroupState[]
    }
  | { readonly type: 'hash'; readonly fields: Readonly<Record<string, Text>> }
  | { readonly type: 'set'; readonly members: readonly Text[] }
  | { readonly type: 'zset'; readonly members: readonly ScoredMember[] }
  | { readonly type: 'list'; readonly items: readonly Text[] }
  | { readonly type: 'string'; readonly value: Text }
  | { readonly type: 'large'; readonly of: string; readonly length: number }
)

export interface Entry {
  readonly id: string
  /** Names and values, in turn. */
  readonly fields: readonly Text[]
}

export interface ScoredMember {
  readonly member: Text
  readonly score: string
}

export interface GroupState {
  readonly group: string
  readonly cursor: string
  readonly pending: readonly { readonly id: string; readonly consumer: string; readonly delivered: number }[]
}

/** What a step changed in one key. Pairs are before and after, so that a step can be undone exactly. */
export type Change = { readonly key: string } & (
  | {
      readonly type: 'stream'
      readonly add?: readonly Entry[]
      /** The entries that went, whole, so that undoing brings them back. */
      readonly gone?: readonly Entry[]
      readonly lastId?: readonly [string, string]
      readonly length: readonly [number, number]
      readonly groups?: readonly GroupChange[]
    }
  | { readonly type: 'hash'; readonly fields: Readonly<Record<string, readonly [Text | null, Text | null]>> }
  | { readonly type: 'set'; readonly add: readonly Text[]; readonly gone: readonly Text[] }
  | { readonly type: 'zset'; readonly add: readonly ScoredMember[]; readonly gone: readonly ScoredMember[] }
  | {
      readonly type: 'list'
      readonly from: number
      readonly gone: readonly Text[]
      readonly add: readonly Text[]
    }
  | { readonly type: 'string'; readonly value: readonly [Text | null, Text | null] }
  /** The key appeared, vanished, became another type, or its time to live changed. */
  | { readonly type: 'key'; readonly before: KeyState | null; readonly after: KeyState | null }
  | { readonly type: 'large'; readonly length: readonly [number, number] }
)

export interface GroupChange {
  readonly group: string
  /** Null: the group didn't exist. */
  readonly before: GroupState | null
  readonly after: GroupState | null
}

/**
 * Which steps got in each other's way. `stale`: a lane looked at a key, another changed it, the first wrote all the
 * same. `torn`: a lane looked, another changed what it was looking at, and the first looked again (`again`) and took the
 * two for one. `crash`: the last command that ran (`wrote`), and the first that never did (`never`). `lost`: a command
 * whose reply was lost (`changed`), and its repetition (`wrote`); if it was never repeated, it's `wrote` itself.
 * `twice`: two steps that did the same work (`changed` and `wrote`). `missed`: someone listens for changes, but after the
 * last look (`looked`) another changed the key, and no one looked again.
 */
export interface Collision {
  readonly kind: 'stale' | 'torn' | 'crash' | 'lost' | 'twice' | 'missed'
  readonly key: string
  readonly looked?: number
  readonly changed?: number
  /** Missing only for `torn` and `missed`. */
  readonly wrote?: number
  /** Redis or a script refused what `wrote` wanted to write. */
  readonly refused?: true
  readonly again?: number
  /** `crash`: the first command that never ran. */
  readonly never?: number
}
