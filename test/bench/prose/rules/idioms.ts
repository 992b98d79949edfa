import type { Rule } from '../rule.ts'

const shared = { level: 'error' } as const

/** Turns that no native speaker would use, found safely enough to fail the audit. */
export const idioms: readonly Rule[] = [
  {
    ...shared,
    name: 'whoever',
    pattern: /\bwhoever\b/gi,
    write: 'anyone who, code that, if you',
    finds: 'Whoever reads first wins.',
    leaves: 'Anyone who reads first wins.',
  },
  {
    ...shared,
    name: 'who-as-a-subject',
    pattern: /(?:^|[.:;] )Who (?!else)[a-z]+ (?![^?]{0,90}\?)/g,
    write: 'If you …, A service that …',
    finds: 'Who needs all takes a group of its own.',
    leaves: 'Who needs every event?',
  },
  {
    ...shared,
    name: 'is-no',
    pattern:
      /(?<!there )(?<!if )\b(is|are|was|were) no (?!longer|more\b|less\b|such\b|matter\b|doubt\b|one\b|use\b|reason\b)[a-z]/gi,
    write: "isn't a …",
    finds: 'A pipeline is no transaction.',
    leaves: 'There is no transaction, and the key is no longer there.',
  },
  {
    ...shared,
    name: 'is-none',
    pattern: /(?<!there )\b(is|are|was) none\b(?! (left|of)\b)/gi,
    write: "isn't one",
    finds: 'A pipeline is none.',
    leaves: 'There are none, and of the ten there is none left.',
  },
  {
    ...shared,
    name: 'one',
    pattern:
      /(?<!\b(?:first|second|next|last|other|this|that|each|every|new|old|which|no|only) )\bone (reads|writes|sees|knows|begins|could|can|has to|must|wants|gets|needs|would|may|puts|asks|looks)\b|\bone['’]s own\b/gi,
    write: 'you, your own',
    finds: 'Here one sees the difference.',
    leaves: 'The first one can see the difference.',
  },
  {
    ...shared,
    name: 'also-if',
    pattern: /\balso (if|when|none|not)\b/gi,
    write: 'even if, even when',
    finds: 'It stays the same, also if two writers race.',
    leaves: 'It also stays the same if two writers race.',
  },
  {
    ...shared,
    name: 'one-more',
    pattern: /(?<!\bdo )\b(one|a|two) (hint|step|thing|lesson|line|look|try) more\b/gi,
    write: 'another hint, one more step',
    finds: 'You get one hint more each time.',
    leaves: 'You get one more hint each time.',
  },
  {
    ...shared,
    name: 'that-never-was',
    pattern: /\b(that|who) (never|ever) (was|were)\b/gi,
    write: "that doesn't exist",
    finds: 'It returns null for an account that never was.',
    leaves: 'It returns null for an account that was never opened.',
  },
  {
    ...shared,
    name: 'time-of-the-clock',
    pattern: /\bthe time of (`|clock)/gi,
    write: 'the current time from `clock`',
    finds: 'The event has the time of `clock`.',
    leaves: 'The event has the time of its write.',
  },
]
