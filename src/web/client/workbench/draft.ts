/** The version of the file that the page's text is based on. */
export interface Draft {
  /** The hash of that version; null: there was no file. */
  readonly base: string | null
  readonly baseText: string
  /** What was sent without a reply so far: the file may have any of it. */
  readonly sent?: readonly string[]
}

/** Everything that has to survive a reload of the page. */
export interface Kept extends Draft {
  readonly text: string
  /** The editor's own state, with the steps that can be undone. */
  readonly editor?: unknown
}

export interface Version {
  readonly hash: string
  readonly text: string
}

/** How a version of the file is related to the text in the editor. */
export type Meaning =
  /** Nothing new. */
  | 'known'
  /** It's what this page has, or has just sent. */
  | 'ours'
  /** Another program's, and this page has nothing that would be lost. */
  | 'take'
  /** Both have changed. */
  | 'conflict'

export function meaningOf({ base, baseText, sent = [] }: Draft, text: string, file: Version): Meaning {
  if (file.hash === base) return 'known'
  if (file.text === text || sent.includes(file.text)) return 'ours'
  return text === baseText ? 'take' : 'conflict'
}

/**
 * Before a text is sent. Of several without a reply, the first one may have been written before the connection broke, and
 * the last one after it was back.
 */
export function withSent(draft: Draft, text: string): Draft {
  const [first = text] = draft.sent ?? []
  return { ...draft, sent: first === text ? [text] : [first, text] }
}

/** Once it's known what became of it. */
export function withoutSent({ base, baseText }: Draft): Draft {
  return { base, baseText }
}

export function basedOn({ hash, text }: Version): Draft {
  return { base: hash, baseText: text }
}
