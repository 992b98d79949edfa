/** What happens to the class as a whole. Progress isn't included: it's in a stream for each participant. */
export interface ClassPayloads {
  readonly PARTICIPANT_JOINED: { readonly learner: string; readonly name: string; readonly share: boolean }
  readonly SHARING_CHANGED: { readonly learner: string; readonly share: boolean }
  /** For good: what came from them is deleted. */
  readonly PARTICIPANT_LEFT: { readonly learner: string }
  /** By the instructor, who may restore them for a while. */
  readonly PARTICIPANTS_REMOVED: { readonly learners: readonly string[] }
  readonly PARTICIPANTS_RESTORED: { readonly learners: readonly string[] }
  readonly PARTICIPANT_RENAMED: { readonly learner: string; readonly name: string }
  /** `learner` counts as `into` from now on. */
  readonly PARTICIPANT_MERGED: { readonly learner: string; readonly into: string }
  readonly PARTICIPANT_SPLIT: { readonly learner: string }
  /**
   * By the instructor; the participant's own is in their progress. To take that back, `loweredAt` says when a hand was
   * lowered before, and is empty if none was.
   */
  readonly HAND_LOWERED: { readonly learner: string; readonly loweredAt?: string }
  readonly POSITION_SET: { readonly slug?: string | undefined }
  readonly TIMER_SET: { readonly until?: string | undefined; readonly text?: string | undefined }
  /** To everyone, or to one participant. */
  readonly MESSAGE_SENT: { readonly text?: string | undefined; readonly to?: string | undefined }
  readonly PAUSE_BEGUN: { readonly until?: string | undefined }
  readonly PAUSE_ENDED: Readonly<Record<never, never>>
  readonly SOLUTION_RELEASED: { readonly slug: string }
  readonly SOLUTION_WITHDRAWN: { readonly slug: string }
  readonly TEXT_SHOWN: { readonly text?: string | undefined }
  readonly ATTEMPT_SHOWN: {
    readonly learner: string
    readonly eventId: string
    readonly run?: true | undefined
  }
  /** Without a code: the one that the class was opened with. */
  readonly CODE_CHANGED: { readonly joinCode?: string | undefined }
  /** All of the instructor's browsers. */
  readonly LOGGED_OUT: Readonly<Record<never, never>>
  readonly CLASS_CLOSED: Readonly<Record<never, never>>
  readonly CLASS_REOPENED: Readonly<Record<never, never>>
}

export type ClassEventType = keyof ClassPayloads

/** `at` is the hub's time, ISO 8601. */
export type ClassEvent = {
  readonly [Type in ClassEventType]: {
    readonly type: Type
    readonly at: string
    readonly payload: ClassPayloads[Type]
  }
}[ClassEventType]

export type NewClassEvent = {
  readonly [Type in ClassEventType]: { readonly type: Type; readonly payload: ClassPayloads[Type] }
}[ClassEventType]
