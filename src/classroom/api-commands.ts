/** POST command; the answer is Done. `undefined` or an omitted value clears it. */
export type InstructorCommand =
  | { readonly do: 'position'; readonly slug?: string | undefined }
  | { readonly do: 'timer'; readonly minutes?: number | undefined; readonly text?: string | undefined }
  /** To everyone, or to one participant. */
  | { readonly do: 'message'; readonly text?: string | undefined; readonly to?: string | undefined }
  | { readonly do: 'pause'; readonly minutes?: number | undefined }
  | { readonly do: 'resume' }
  | { readonly do: 'release'; readonly slug: string }
  | { readonly do: 'withdraw'; readonly slug: string }
  /** Puts a text on the wall. */
  | { readonly do: 'show'; readonly text?: string | undefined }
  | {
      readonly do: 'show attempt'
      readonly participant: string
      readonly eventId: string
      readonly run?: true | undefined
    }
  | { readonly do: 'lower hand'; readonly participant: string }
  | { readonly do: 'remove'; readonly participant: string }
  /** Everyone who joined at that time, ISO 8601, or later. */
  | { readonly do: 'remove since'; readonly since: string }
  /** Brings a removed participant back, as long as what they sent hasn't been deleted. */
  | { readonly do: 'restore'; readonly participant: string }
  | { readonly do: 'rename'; readonly participant: string; readonly name: string }
  /** From now on, the first one counts as the second: it's the same person. */
  | { readonly do: 'merge'; readonly participant: string; readonly into: string }
  | { readonly do: 'new code' }
  /** All browsers, this one included. */
  | { readonly do: 'log out' }
  | { readonly do: 'close' }
  | { readonly do: 'reopen' }
  /** Takes back what was done last. */
  | { readonly do: 'undo' }
