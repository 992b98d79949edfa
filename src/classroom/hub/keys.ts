/**
 * The keys of one class. The braces make a Redis Cluster keep them on one node, so that one script can append an
 * event, move the participant's cursor and notify the other hubs in one step. One class is far from filling a node;
 * many classes spread.
 */
export interface ClassKeys {
  /** What all of them begin with. */
  readonly prefix: string
  /** Hash: name, track, times, join code, the key for tokens. */
  readonly classInfo: string
  /** Stream: what happens to the class as a whole; see fold/class-event.ts. */
  readonly log: string
  /** Stream, trimmed: whose progress grew. A wake-up call for the hubs, not a source. */
  readonly news: string
  /** Hash: participant → { name, share }. Anyone who isn't in it can't send. */
  readonly participants: string
  /** Set: participants who left or were removed; their tokens are void. */
  readonly gone: string
  /** Hash: participant → `<log id> <n>` for each of their progress logs: how far it has been received. */
  readonly cursors: string
  /** Hash: `<participant> events`, `<participant> bytes`, and the same for `class`: what is stored of them. */
  readonly used: string
  /** Hash: participant → snapshot of the fold. */
  readonly snapshots: string
  /** Stream: the participant's progress events under their own numbers, `<n>-0`: Redis refuses duplicates. */
  learner(id: string, logId: string): string
  /** Set: the log IDs of a participant. */
  logs(id: string): string
  /** Hash: event ID of a check → the answer that was checked. */
  code(id: string): string
  /** Hash: event ID of a check → `<number> <recording>`; the highest number is the latest. */
  runs(id: string): string
}

export function keysOf(classId: string): ClassKeys {
  const prefix = `class:{${classId}}`
  return {
    prefix: `${prefix}:`,
    classInfo: `${prefix}:about`,
    log: `${prefix}:log`,
    news: `${prefix}:news`,
    participants: `${prefix}:participants`,
    gone: `${prefix}:gone`,
    cursors: `${prefix}:cursors`,
    used: `${prefix}:used`,
    snapshots: `${prefix}:snapshots`,
    learner: (id, logId) => `${prefix}:learner:${id}:${logId}`,
    logs: (id) => `${prefix}:logs:${id}`,
    code: (id) => `${prefix}:code:${id}`,
    runs: (id) => `${prefix}:runs:${id}`,
  }
}
