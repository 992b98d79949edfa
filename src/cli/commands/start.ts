import { Exit } from '../../common/exit.ts'
import { shownPath } from '../../common/shown-path.ts'
import {
  findLesson,
  findTrack,
  inHours,
  missingPrerequisites,
  type Track,
  trackNames,
} from '../../course/index.ts'
import { buildsOnOwn, openLesson } from '../../learner/index.ts'
import { chosenTrack, type Learner, nextLesson } from '../../learner/learner.ts'
import { COURSE, isPassed } from '../../progress/index.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { text } from '../flags.ts'

export const command = defineCommand({
  flags: {
    track: text(
      'name',
      `follow this track from now on: ${trackNames().join(', ')}; "all" is the whole course`,
    ),
  },
  examples: [
    ['start 01', 'the first lesson'],
    ['start', "the next one that you haven't started"],
    ['start --track half-day', 'the first lesson you have left in a track'],
  ],
  run: async (context, [named], flags) => {
    const learner = await context.learner()
    if (flags.track !== undefined) await follow(context, learner, findTrack(learner.course, flags.track))
    const lesson = named === undefined ? nextLesson(learner) : findLesson(learner.course, named)
    if (lesson === undefined) {
      const track = chosenTrack(learner)
      context.print(
        track === undefined
          ? `You've done all the lessons. To see them: ${self} list`
          : `You've done the track ${track.name}. For the rest: ${self} start --track all`,
      )
      return Exit.passed
    }
    const { file, isNew } = await openLesson(learner, lesson.slug)
    const { palette } = context
    const path = palette.paint(shownPath(file), 'bold')
    context.print(
      isNew
        ? `Lesson ${lesson.number}, ${lesson.title}. Your file is ready:\n\n  ${path}\n`
        : `Lesson ${lesson.number}, ${lesson.title}. Your file already exists and stays as it is:\n\n  ${path}\n`,
    )
    const overview = learner.progress.overview()
    const [{ missing } = { missing: [] }] = missingPrerequisites({ lessons: [lesson] })
    const open = missing.filter((slug) => {
      const before = overview.lesson(slug)
      return !isPassed(before) && before.state !== 'skipped'
    })
    if ((await context.mine()) === undefined && buildsOnOwn(learner, lesson)) {
      context.print(
        `Everything it builds on is your own work. To build on it instead of the model solutions, add --mine to a command, or set EVENTLINGS_MINE=1.\n`,
      )
    }
    if (open.length > 0)
      context.print(`It builds on ${new Intl.ListFormat('en').format(open)}, which you haven't passed yet.\n`)
    const gap = ' '.repeat(context.flagOfMine.length)
    context.print(
      [
        `  ${self} read ${lesson.number}${gap}    what to write`,
        `  ${self} check ${lesson.number}${context.flagOfMine}   see whether it works`,
        `  ${self} hint ${lesson.number}${gap}    if you're stuck`,
      ].join('\n'),
    )
    return Exit.passed
  },
})

/** From now on the next lesson comes from this track. */
async function follow(context: Context, learner: Learner, track: Track): Promise<void> {
  await learner.progress.record('TRACK_CHOSEN', COURSE, { track: track.name })
  const { name, title, plan, lessons, minutes } = track
  const time = `${lessons.length} lessons, ${inHours(minutes)} for every task.`
  context.print(`${title}.\n${plan === undefined ? '' : `${plan}\n`}${time}`)
  const leave = `To leave the track: ${self} start --track all`
  if (name !== 'all')
    context.print(`From now on, the next lesson and all counts refer to this track.\n${leave}`)
  context.print('')
}
