import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take much longer than the others, longest first. Started last, one of them would keep one core busy
 * while the other has nothing left to do.
 */
const LONGEST = [
  'authoring/every-lesson',
  'check/endless-guests',
  'check/guests',
  'check/every-answer',
  'redis/guardian',
  'web/class-pages',
  'web/workbench/pages',
  'watch/terminal',
  'classroom/member',
  'package/package',
  'cli/start-up',
]

/**
 * Vitest's own order, which uses durations only from earlier runs on the same machine, with the known long ones
 * first. A file with a process of its own ends the shared process before it, so these come last.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(`test/kit/${name}.test.ts`))
      return place === -1 ? LONGEST.length : place
    }
    const needsOwn = ({ project }: TestSpecification) => Number(project.config.isolate)
    return sorted.toSorted((a, b) => rank(a) - rank(b) || needsOwn(a) - needsOwn(b))
  }
}
