import type { Lesson } from '../course/index.ts'
import type { ReadingEnd } from './ui.ts'
import type { Walk } from './walk.ts'

/** Resolves with how pages were left: a key on them may ask for something else. */
export type Act = (walk: Walk, lesson: Lesson) => Promise<ReadingEnd>

/** Shows errors that the learner can fix, and lets the loop continue. */
const tolerated: ReadonlySet<string> = new Set([
  'BrokenCheckError',
  'EditorError',
  'NotStartedError',
  'ObstacleError',
  'RedisGoneError',
  'RedisTroubleError',
  'RedisUnavailableError',
  'SandboxLostError',
  'UnwritableWorkspaceError',
])

export function tolerant(act: (walk: Walk, lesson: Lesson) => Promise<unknown>): Act {
  return async (walk, lesson) => {
    try {
      await act(walk, lesson)
    } catch (error) {
      tolerate(walk, error)
    }
    return 'left'
  }
}

/** For what is shown on pages. */
export function onPages(act: Act): Act {
  return async (walk, lesson) => {
    try {
      return await act(walk, lesson)
    } catch (error) {
      tolerate(walk, error)
      return 'left'
    }
  }
}

function tolerate({ ui }: Walk, error: unknown): void {
  if (!(error instanceof Error && tolerated.has(error.name))) throw error
  ui.say(error.message)
}
