import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take much longer than the others, longest first. Started last, one of them would keep one core busy
 * while the other has nothing left to do.
 */
const LONGEST = ['authoring/every-lesson', 'redis/guardian', 'check/guests', 'check/every-answer']

/**
 * Vitest's own order, which uses durations only from earlier runs on the same machine, with the known long ones
 * first.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`test/kit/${name}.test.ts`))
      return place === -1 ? LONGEST.length : place
    }
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
