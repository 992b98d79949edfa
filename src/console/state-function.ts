import type { Course, Lesson } from '../course/index.ts'

/** Functions of lessons that read an entity and fold its events: `(redis, id)`. */
const FOLDS: readonly string[] = [
  'getEntityState',
  'getEntityStateFromStreams',
  'getOrder',
  'getPost',
  'readPost',
  'getCustomer',
]

export interface StateFunction {
  readonly slug: string
  readonly name: string
}

/** The lesson's own function that returns the state of an entity, or that of the nearest lesson it builds on. */
export async function stateFunction(course: Course, lesson: Lesson): Promise<StateFunction | undefined> {
  const waiting = [lesson.slug]
  const seen = new Set<string>()
  for (let slug = waiting.shift(); slug !== undefined; slug = waiting.shift()) {
    if (seen.has(slug)) continue
    seen.add(slug)
    const one = slug === lesson.slug ? lesson : await course.lesson(slug)
    const name = one.exports.find((exported) => FOLDS.includes(exported))
    if (name !== undefined) return { slug, name }
    // The latest first, because it does the most.
    waiting.push(...[...one.after].sort().reverse())
  }
  return undefined
}
