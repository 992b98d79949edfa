import type { Rule } from '../rule.ts'
import { falseFriends } from './false-friends.ts'
import { habits } from './habits.ts'
import { idioms } from './idioms.ts'
import { terms } from './terms.ts'

/** Everything that a pattern can find. Spelling and the length of sentences have files of their own. */
export const RULES: readonly Rule[] = [...falseFriends, ...idioms, ...habits, ...terms]
