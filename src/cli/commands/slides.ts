import { UsageError } from '../../common/exit.ts'
import { findTrack } from '../../course/index.ts'
import { defineCommand } from '../command.ts'
import { inBrowser, text } from '../flags.ts'
import { resolveLesson } from '../resolve-lesson.ts'
import { serve } from '../serve.ts'

export const command = defineCommand({
  flags: {
    track: text('name', 'all lessons of a track'),
    ...inBrowser,
  },
  examples: [
    ['slides 07', 'press ? there to see the keys; n opens the notes'],
    ['slides --track half-day', 'every lesson in the track'],
  ],
  run: async (context, [named], flags) => {
    const learner = await context.learner()
    if (flags.track === undefined) {
      return serve(context, `/slides/${resolveLesson(learner, named, 'slides').slug}`, flags)
    }
    if (named !== undefined) throw new UsageError('Name either a lesson or --track, not both.')
    return serve(context, `/slides/track/${findTrack(learner.course, flags.track).name}`, flags)
  },
})
