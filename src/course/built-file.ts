import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { filesOf } from './files.ts'

/**
 * What `#built/<slug>` means, absolute: the model solution, or the learner's own answer where `mine`, the folder of their
 * answers, has one.
 */
export function builtFile(root: string, slug: string, mine: string | undefined): string {
  const own = mine === undefined ? undefined : join(mine, `${slug}.ts`)
  return own !== undefined && existsSync(own) ? own : filesOf({ root }, slug).solution
}
