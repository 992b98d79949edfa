import { Exit } from '../../common/exit.ts'
import { findTrack, inHours, missingPrerequisites, type Track } from '../../course/index.ts'
import { changedLessons } from '../../learner/index.ts'
import { chosenTrack, type Learner, nextCommand } from '../../learner/learner.ts'
import { passedOf } from '../../progress/index.ts'
import { lessonTable } from '../../walkthrough/lesson-table.ts'
import { defineCommand, self } from '../command.ts'
import { json, text } from '../flags.ts'
import { printChange } from '../print-change.ts'

export const command = defineCommand({
  flags: {
    track: text('name', 'only the lessons of this track'),
    json,
  },
  examples: [
    ['list', 'lessons by chapter'],
    ['list --track blog', 'what the track contains, and what it builds on'],
  ],
  run: async (context, _args, flags) => {
    const learner = await context.learner()
    const track = flags.track !== undefined ? findTrack(learner.course, flags.track) : undefined
    const lessons = track?.lessons ?? learner.course.lessons
    const overview = learner.progress.overview()
    if (flags.json) {
      const changed = await changedLessons(learner, lessons)
      context.printJson({
        ...(track !== undefined && { track: track.name }),
        lessons: lessons.map(({ slug, title, chapter, minutes }) => ({
          slug,
          title,
          chapter,
          minutes,
          state: overview.lesson(slug).state,
          changed: changed.some((lesson) => lesson.slug === slug),
        })),
      })
      return Exit.passed
    }
    if (track !== undefined) context.print(`${about(track)}\n`)
    context.print(lessonTable(learner, context, lessons))
    context.print(
      `\n${passedOf(learner.progress.overview(), lessons)} of ${lessons.length} passed. ${ending(learner, track)}`,
    )
    await printChange(context, learner, lessons)
    return Exit.passed
  },
})

/** What a track is, how long it takes, and what it assumes. */
function about(track: Track): string {
  const known = new Set(missingPrerequisites(track).flatMap(({ missing }) => missing))
  const lines = [
    track.title,
    `Track ${track.name}: ${inHours(track.minutes)}, if you do every task on your own.`,
    ...(track.plan === undefined ? [] : [track.plan]),
  ]
  if (known.size > 0)
    lines.push(
      `It builds on ${new Intl.ListFormat('en').format([...known].toSorted())}, which this track leaves out.`,
    )
  return lines.join('\n')
}

function ending(learner: Learner, shown: Track | undefined): string {
  const chosen = chosenTrack(learner)
  if (shown !== undefined && shown.name !== (chosen?.name ?? 'all')) {
    return `To follow this track: ${self} start --track ${shown.name}`
  }
  const next = nextCommand(learner)
  const where = next === undefined ? "You've done them all." : `Next: ${next}`
  if (shown !== undefined || chosen === undefined) return where
  const passed = passedOf(learner.progress.overview(), chosen.lessons)
  return [
    where,
    `Your track is ${chosen.name}: ${passed} of ${chosen.lessons.length} passed.`,
    `Only its lessons: ${self} list --track ${chosen.name}`,
    `To leave it: ${self} start --track all`,
  ].join('\n')
}
