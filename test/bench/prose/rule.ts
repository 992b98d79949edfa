/** An error fails the audit; a warning is counted, because a person has to judge it. */
export type Level = 'error' | 'warning'

/** Where the words were: in a text, in a string of the program, or in one of its comments. */
export type Kind = 'text' | 'string' | 'comment'

/** A pattern, what to write instead, and the two sentences that show what it finds and what it leaves alone. */
export interface Rule {
  readonly name: string
  readonly level: Level
  readonly pattern: RegExp
  /** What to write instead. */
  readonly write: string
  /** A sentence that the rule must find. */
  readonly finds: string
  /** A near miss, which it must not find. */
  readonly leaves: string
  /** Where the rule applies; everywhere by default. */
  readonly kinds?: readonly Kind[]
}

/** Something that a reader would stumble over, with the place where it is. */
export interface Hit {
  readonly file: string
  readonly line: number
  readonly rule: string
  readonly level: Level
  /** The words, with a few before and after them. */
  readonly quote: string
  readonly write: string
  /** The word that the dictionary doesn't know, if that's what was found. */
  readonly word?: string
}
