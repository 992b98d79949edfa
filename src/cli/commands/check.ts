import { existsSync } from 'node:fs'
import path from 'node:path'
import { type CheckResult, resultAsJson, type Target } from '../../check/index.ts'
import { Exit, UsageError } from '../../common/exit.ts'
import type { LessonSummary } from '../../course/index.ts'
import { keepLastRun } from '../../learner/index.ts'
import { type Learner, nextCommand } from '../../learner/learner.ts'
import { assertStarted, checkOwnAnswer } from '../../learner/own-answer.ts'
import { paintLines, span } from '../../terminal/text.ts'
import { wrap } from '../../terminal/wrap.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { flag, json, text, wholeNumber } from '../flags.ts'
import { printChange } from '../print-change.ts'
import { recorderFor } from '../record-flag.ts'
import { resolveLesson } from '../resolve-lesson.ts'
import { withSession } from '../with-session.ts'

export const command = defineCommand({
  flags: {
    solution: flag('check the model solution instead'),
    starter: flag('check the starter instead'),
    file: text('path', 'check any other file, as if it were in workspace/'),
    all: flag("check every lesson that you've started"),
    track: text('name', "check every lesson in a track, even ones you haven't started"),
    junit: text('file', 'with --all or --track: also write a JUnit report to this file'),
    verbose: flag('every failing task in full, and all commands'),
    record: text('file', 'write what the first failing test did, step by step, to this file'),
    task: wholeNumber('with --record: record this task instead'),
    json,
  },
  examples: [
    ['check', 'your current lesson'],
    ['check --all', "one line for each lesson that you've started"],
    ['check --all --junit report.xml', 'also a report for CI'],
    ['check 07 --file ~/mine.ts', 'an answer in another folder'],
    ['check 07 --json', 'the verdict as data'],
    ['check 07 --record run.json', 'what each command changed, as data'],
  ],
  run: async (context, [named], flags) => {
    const recorder = flags.record === undefined ? undefined : recorderFor(flags.record, flags.task)
    if (recorder === undefined && flags.task !== undefined) {
      throw new UsageError('--task chooses the task to record. Add --record and the name of a file.')
    }
    if (flags.all || flags.track !== undefined) {
      if (recorder !== undefined)
        throw new UsageError('--record records one test. Leave out --all and --track.')
      if (named !== undefined || targetOf(flags) !== undefined) {
        throw new UsageError('--all and --track check your own answers. Leave out the lesson and the file.')
      }
      const { checkAll } = await import('../check-all.ts')
      return checkAll(context, flags)
    }
    if (flags.junit !== undefined) throw new UsageError('--junit is for --all and --track. Add one of them.')
    const learner = await context.learner()
    const target = targetOf(flags)
    const lesson = resolveLesson(learner, named, 'check')
    if (target === undefined) assertStarted(learner, lesson.slug)
    const taskName = await recorder?.taskName(learner, lesson.slug)
    const { result, warning } = await withSession(context, learner, async (session) => {
      // A program that reads the verdict doesn't want to wait for a recording that it hasn't asked for.
      const record = recorder !== undefined || !flags.json
      const result = await (target === undefined
        ? checkOwnAnswer(learner, session, lesson.slug, { record })
        : session.check(lesson.slug, target, { record }))
      if (flags.json) context.printJson(resultAsJson(result))
      else {
        await print(
          context,
          learner,
          lesson,
          result,
          flags.verbose,
          nextCommand(learner) ?? `${self} progress`,
        )
        if (target === undefined) await printChange(context, learner, [lesson])
        const { limits } = (await session.open()).redis
        if (limits !== undefined) context.print(`\n${paragraph(limits, context)}`)
      }
      // Not awaited: it runs while everything else is being stopped.
      const warning = typesOf(context, learner, result, target)
      const recording =
        record && (recorder !== undefined || !result.passed)
          ? await session.record({ task: taskName })
          : undefined
      if (recording?.failure !== undefined) keepLastRun(learner.home, recording)
      const said = recorder?.keep(recording)
      if (said !== undefined) flags.json ? context.note(said) : context.print(`\n${paragraph(said, context)}`)
      return { result, warning }
    })
    const sentence = await context.cleanups.unlessEnding(warning)
    if (sentence !== undefined) {
      if (flags.json) context.note(sentence)
      else context.print(`\n${context.output.isTTY ? paragraph(sentence, context) : sentence}`)
    }
    return result.passed ? Exit.passed : Exit.notPassed
  },
})

/**
 * What TypeScript reports about the learner's own answer, or about a file; the course's own files have no such
 * errors.
 */
async function typesOf(
  context: Context,
  { course, home }: Learner,
  result: CheckResult,
  target: Target | undefined,
): Promise<string | undefined> {
  if (target !== undefined && target.kind !== 'file') return undefined
  const { typeWarning } = await import('../../check/host/type-error.ts')
  const stop = new AbortController()
  const done = context.cleanups.add(() => stop.abort())
  const file = target?.path ?? home.answer(result.lesson)
  const mine = await context.mine()
  const warning = await typeWarning(result, { root: course.root, file, mine, signal: stop.signal })
  done()
  return warning
}

interface TargetFlags {
  readonly solution: boolean
  readonly starter: boolean
  readonly file: string | undefined
}

/** What the flags name; undefined for the learner's own answer. */
function targetOf({ solution, starter, file }: TargetFlags): Target | undefined {
  if ([solution, starter, file !== undefined].filter(Boolean).length > 1) {
    throw new UsageError('Choose only one of --solution, --starter, and --file.')
  }
  if (solution) return { kind: 'solution' }
  if (starter) return { kind: 'starter' }
  if (file === undefined) return undefined
  if (!existsSync(file)) throw new UsageError(`There's no file ${file}.`)
  return { kind: 'file', path: path.resolve(file) }
}

async function print(
  context: Context,
  learner: Learner,
  lesson: LessonSummary,
  result: CheckResult,
  verbose: boolean,
  leadsOn: string,
): Promise<void> {
  const { renderCheck } = await import('../../verdict/render.ts')
  const { palette, width } = context
  const own = result.target === 'workspace'
  const text = renderCheck(result, {
    width,
    palette,
    title: lesson.title,
    verbose,
    sideBySide: context.output.isTTY,
    ...(context.output.isTTY && { rows: context.output.height - 2 }),
    stepThrough: `To step through it, run ${self} explore`,
    ...(result.passed && own && { next: leadsOn }),
  })
  context.print(text)
  if (!result.passed || !own) return
  const [{ afterPass }, { renderMarkdown }] = await Promise.all([
    import('../../walkthrough/after-pass.ts'),
    import('../../terminal/index.ts'),
  ])
  const meaning = await afterPass(learner, await learner.course.lesson(lesson.slug), {
    others: `To see them: \`${self} solution ${lesson.number} --others\``,
    next: ({ number }) => `\`${self} start ${number}\``,
    mine:
      (await context.mine()) === undefined
        ? ({ number }) => `\`${self} check ${number} --mine\`, or set EVENTLINGS_MINE=1 for all commands.`
        : 'already',
  })
  context.print(`\n${await renderMarkdown(meaning, { width, palette })}`)
}

/** A side remark, and therefore dim. */
function paragraph(sentence: string, { width, palette }: Context): string {
  return paintLines(wrap(span(sentence, 'dim'), { width }), palette)
}
