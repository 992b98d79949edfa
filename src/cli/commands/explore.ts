import { createReadStream, existsSync, statSync } from 'node:fs'
import { Exit, UsageError } from '../../common/exit.ts'
import { findLesson } from '../../course/index.ts'
import { modelRun, readLastRun } from '../../learner/index.ts'
import type { Recording } from '../../recording/index.ts'
import { parseFile } from '../../recording/parse.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { exploreHere } from '../explore-here.ts'
import { flag, json } from '../flags.ts'
import { withSession } from '../with-session.ts'

export const command = defineCommand({
  flags: {
    plain: flag('all steps as a list, without a screen'),
    json,
  },
  examples: [
    ['explore', 'the last check that failed'],
    ['explore 07', 'the same, if it was lesson 07'],
    ['explore run.json', 'a recording that "check --record run.json" wrote'],
  ],
  run: async (context, [named], flags) => {
    const recorded = await chosen(context, named)
    if (flags.json) {
      context.printJson(recorded)
      return Exit.passed
    }
    const recording = await withRemark(context, recorded)
    const learner = await context.learner()
    if (context.canAsk && !flags.plain) {
      const model = () => withSession(context, learner, (session) => modelRun(learner, session, recording))
      const left = await exploreHere(context, learner, recording, model)
      return left === 'interrupted' ? Exit.interrupted : Exit.passed
    }
    const [{ explorerList, openExplorer, statesFor }, { paintLines }] = await Promise.all([
      import('../../explorer/index.ts'),
      import('../../terminal/index.ts'),
    ])
    const states = await statesFor(learner.course, recording)
    const { width, palette } = context
    context.print(paintLines(explorerList(openExplorer(recording, states), { width, palette }), palette))
    return Exit.passed
  },
})

/** A file, the last run of a lesson, or the last run of all. */
async function chosen(context: Context, named: string | undefined): Promise<Recording> {
  if (named !== undefined && isFile(named)) return await parseFile(createReadStream(named), named)
  if (named !== undefined && /[/\\]|\.json$/.test(named)) {
    throw new UsageError(
      existsSync(named)
        ? `${named} is a folder. To explore a recording in it, name the file.`
        : `There's no file ${named}.`,
    )
  }
  const { course, home } = await context.learner()
  const lesson = named === undefined ? undefined : findLesson(course, named)
  const recording = await readLastRun(home)
  if (recording === undefined) throw new UsageError(noRun(lesson?.number))
  if (lesson === undefined || recording.lesson === lesson.slug) return recording
  throw new UsageError(
    `The last recorded run is from ${recording.lesson}. To record one for ${lesson.slug}, run ${self} check ${lesson.number}`,
  )
}

function isFile(name: string): boolean {
  return existsSync(name) && !statSync(name).isDirectory()
}

/** Says so if the lesson isn't in this course, or if its tests have changed since: the diagnosis may be another one today. */
async function withRemark(context: Context, recording: Recording): Promise<Recording> {
  const { course } = await context.learner()
  if (!course.lessons.some(({ slug }) => slug === recording.lesson)) {
    return noted(recording, `This course has no lesson ${recording.lesson}.`)
  }
  const { recordedVersion } = await import('../../check/index.ts')
  const version = await recordedVersion(course, await course.lesson(recording.lesson))
  if (version === recording.version) return recording
  return noted(recording, 'The tests of this lesson have changed since this was recorded.')
}

function noted(recording: Recording, remark: string): Recording {
  return { ...recording, note: recording.note === undefined ? remark : `${recording.note} ${remark}` }
}

function noRun(number: string | undefined): string {
  const check = `${self} check ${number ?? '07'}`
  return `No failed check has been recorded yet. To step through one that passes, run "${check} --record run.json" and then "${self} explore run.json".`
}
