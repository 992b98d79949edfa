import { describe, expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { keptAnswers } from '../../bench/answers.ts'
import { plainVerdicts } from '../../bench/plain-verdicts.ts'
import { difference, type Verdict, verdictsOf } from '../../bench/verdicts.ts'
import { need } from '../need.ts'

const course = await loadCourse()
/** One lesson of each kind: plain functions, races, consumer groups, decisions. */
const SAMPLED = ['01-events', '07-concurrency', '10-consumer-groups', '16-orders']
/**
 * The verdict tables cover all answers; here a sample shows that the sources agree on the words, too: of each lesson the
 * solution, the starter, a right answer, and a mistake.
 */
const kept = await keptAnswers(course, SAMPLED)
const answers = kept.filter(
  ({ slug, kind }, at) => kept.findIndex((one) => one.slug === slug && one.kind === kind) === at,
)

/**
 * Lessons that need a real server skip those tasks on the embedded one, with the reason; their other tasks still have
 * to agree.
 */
function disagreements(
  a: ReadonlyMap<string, Verdict>,
  b: ReadonlyMap<string, Verdict>,
  of = answers,
): readonly string[] {
  return of.flatMap(({ name, notOnEmbedded }) => {
    if (notOnEmbedded !== undefined) return []
    const [one, other] = [a.get(name), b.get(name)]
    const skips = [one, other].some((verdict) => verdict?.tasks.some((task) => task.endsWith(': skipped')))
    const what = skips ? differenceBesideSkips(one, other) : difference(one, other)
    return what === undefined ? [] : [`${name}: ${what}`]
  })
}

function differenceBesideSkips(a: Verdict | undefined, b: Verdict | undefined): string | undefined {
  const differing = a?.tasks.find((task, index) => {
    const other = b?.tasks[index]
    return task !== other && !task.endsWith(': skipped') && other?.endsWith(': skipped') !== true
  })
  return differing === undefined ? undefined : `tasks: ${a?.tasks.join(', ')} and ${b?.tasks.join(', ')}`
}

describe('every answer in the course gets the same verdict and the same diagnosis', {
  timeout: 1_200_000,
}, () => {
  const embedded = verdictsOnce('embedded')

  test('a check on the embedded Redis gives every answer a verdict, and fails what must fail', async () => {
    const verdicts = await embedded()
    const wrong = answers.flatMap(({ name, kind }) => {
      const { passed, diagnosis } = verdicts.get(name) ?? { passed: undefined, diagnosis: '' }
      const should = kind === 'solution' || kind === 'right'
      return passed === should ? [] : [`${name}: ${passed === true ? 'passed' : diagnosis}`]
    })
    // A mistake that only a task for a real server catches may pass here; the next tests see it fail.
    expect(wrong.filter((line) => !line.endsWith(': passed'))).toEqual([])
  })

  need('redis-server').test('from an installed redis-server as from the embedded one', async () => {
    expect(disagreements(await embedded(), await verdictsOf(answers, { course, redis: 'binary' }))).toEqual(
      [],
    )
  })

  need('container').test('from a container as from the embedded one', async () => {
    expect(
      disagreements(await embedded(), await verdictsOf(answers, { course, redis: 'container' })),
    ).toEqual([])
  })

  test('from plain Vitest as from a worker', async () => {
    // Vitest doesn't stop a task at its first failure, and takes three times as long.
    const some = answers.filter((_, i) => i % 2 === 0)
    expect(disagreements(await embedded(), await plainVerdicts(course, some), some)).toEqual([])
  })
})

function verdictsOnce(redis: 'embedded'): () => Promise<ReadonlyMap<string, Verdict>> {
  let verdicts: Promise<ReadonlyMap<string, Verdict>> | undefined
  return () => {
    verdicts ??= verdictsOf(answers, { course, redis })
    return verdicts
  }
}
