import { findTrack } from '../../course/index.ts'
import type { Run } from '../command.ts'
import { UsageError } from '../errors.ts'
import { serve } from '../serve.ts'
import { whichLesson } from '../which-lesson.ts'

export const run: Run = async (context, [named], flags) => {
  const desk = await context.desk()
  if (typeof flags.track !== 'string') {
    return serve(context, `/slides/${whichLesson(desk, named, 'slides').slug}`, flags)
  }
  if (named !== undefined) throw new UsageError('Name either a lesson or --track, not both.')
  return serve(context, `/slides/track/${findTrack(desk.course, flags.track).name}`, flags)
}
