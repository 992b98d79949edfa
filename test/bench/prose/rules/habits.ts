import type { Rule } from '../rule.ts'

const shared = { level: 'warning' } as const

/** Turns that are often foreign and sometimes right, so a person has to look. */
export const habits: readonly Rule[] = [
  {
    ...shared,
    name: 'somebody',
    pattern: /\b(somebody|nobody|everybody)\b/gi,
    write: 'name the actor; someone, no one',
    finds: 'Somebody else appended first.',
    leaves: 'Another writer appended first.',
  },
  {
    ...shared,
    name: 'that-of',
    pattern: /\b(is|are|was|were) (that|those) of\b/gi,
    write: 'repeat the noun; comes from',
    finds: 'The version is that of the stream.',
    leaves: 'The version is the length of the stream.',
  },
  {
    ...shared,
    name: 'from-on',
    pattern: /(?<!\bfrom now on)\bfrom (?!now on)[^.,;:()]{1,30}? on(?=[.,;:)]|$)/gim,
    write: 'starting at; 0 or greater; after that',
    finds: 'Versions count from 0 on.',
    leaves: 'Versions count from 0, and from now on, up.',
  },
  {
    ...shared,
    name: 'in-hand',
    pattern: /\b(in|with) (its |their |the )?(events? |message )?(in )?hands?\b/gi,
    write: 'pending; in progress',
    finds: 'A consumer died with events in hand.',
    leaves: 'A consumer died with ten pending events.',
  },
  {
    ...shared,
    name: 'holds',
    pattern: /\b(it|this|that|which) holds(?=[.,;:]|$| (for|at|when))/gim,
    write: 'works, passes, is true',
    finds: 'See whether it holds.',
    leaves: 'See whether it holds ten entries.',
  },
  {
    ...shared,
    name: 'what-as-a-subject',
    pattern: /(?:^|[.!] )What (?!if\b|about\b|now\b|of\b)(?![^?]*\?)[a-z`]/g,
    write: 'a noun as the subject',
    finds: 'What is shown is run.',
    leaves: 'What is shown here?',
  },
  {
    ...shared,
    name: 'by-itself',
    pattern: /\bby (itself|themselves)\b/gi,
    write: 'automatically, on its own',
    finds: 'Nothing is trimmed by itself.',
    leaves: 'Nothing is trimmed automatically.',
  },
  {
    ...shared,
    name: 'goes-on',
    pattern: /\b(goes|go|went) on\b(?! to\b)/gi,
    write: 'continue, keep working, resume',
    finds: 'The check goes on.',
    leaves: 'The check goes on to the next task.',
  },
  {
    ...shared,
    name: 'not-contracted',
    pattern: /\b(do|does|is|are|was|did|can|will|would|has|have|should) ?not\b/gi,
    write: 'the contraction, unless "not" is emphasized',
    finds: 'The stream does not exist.',
    leaves: "The stream doesn't exist, and that is nothing new.",
    kinds: ['text', 'string'],
  },
]
