import type { Lesson, LessonSummary } from '../course/index.ts'
import { buildsOnOwn, lastSince, rightAnswers, titleOf } from '../learner/index.ts'
import { type Learner, lessonAfter } from '../learner/learner.ts'
import type { StoredEvent } from '../progress/index.ts'

/** How the learner gets to the other ways and to the next lesson from here: by a key, or by a command. */
export interface LeadsTo {
  readonly others: string
  next(lesson: LessonSummary): string
  /** How to build on your own answers; `already` if that's what was done. */
  readonly mine: 'already' | ((lesson: LessonSummary) => string)
}

/** A longer gap between two events of a lesson was a break, of which this much may have been work. In ms. */
const BREAK = 15 * 60_000

/**
 * What a pass means, as Markdown: what the learner now knows, how long it took, other ways to do it, and what the next
 * lesson asks.
 */
export async function afterPass(learner: Learner, lesson: Lesson, leadsTo: LeadsTo): Promise<string> {
  const { course, progress } = learner
  const { hints, helped } = progress.overview().lesson(lesson.slug)
  const events = untilPassed(lastSince(progress.since(0), lesson.slug))
  const checks = events.filter(isAttempt).length
  const shown = Object.values(hints).reduce((sum, steps) => sum + steps, 0)
  const effort = [
    duration(workedOn(events)),
    counted(checks, 'check'),
    shown === 0 ? 'no hints' : counted(shown, 'hint'),
    ...(helped ? ['a look at the solution'] : []),
  ]
  const others = await rightAnswers(course, lesson.slug)
  const next = lessonAfter(learner, lesson)
  return [
    ...(lesson.learned === undefined ? [] : [`**What you know now:** ${lesson.learned}`]),
    `It took you ${listed(effort)}.`,
    ...(others.length === 0
      ? []
      : [
          `There are other ways to do it: ${listed(others.map((name) => `*${titleOf(name)}*`))}. ${leadsTo.others}`,
        ]),
    next === undefined
      ? `This was the last lesson.${whoseItIs(learner, lesson, leadsTo)}`
      : `**Next, ${next.number} · ${next.title}:** ${await question(learner, next)} ${leadsTo.next(next)}`,
    ...(next !== undefined && leadsTo.mine !== 'already' && buildsOnOwn(learner, next)
      ? [
          `Everything that lesson ${next.number} builds on is your own work now. Build on it instead of the model solutions: ${leadsTo.mine(next)}`,
        ]
      : []),
  ].join('\n\n')
}

/** Nothing follows the last lesson, so this is where a learner hears what they own. */
function whoseItIs(learner: Learner, lesson: Lesson, { mine }: LeadsTo): string {
  if (!buildsOnOwn(learner, lesson)) return ''
  return mine === 'already'
    ? ' It ran on your own answers to the lessons that it builds on, so all of this code is yours.'
    : ` Everything that it builds on is your own work, too. Run it on that instead of the model solutions: ${mine(lesson)}`
}

function listed(parts: readonly string[]): string {
  return new Intl.ListFormat('en').format(parts)
}

/** How a lesson begins: a problem and a question, in one paragraph. */
async function question({ course }: Learner, { slug }: LessonSummary): Promise<string> {
  const { intro } = await course.lesson(slug)
  const first = intro.find((_, index) => intro[index - 1]?.type === 'paragraph_open')?.content ?? ''
  // Links lead nowhere from here.
  return first.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('\n', ' ')
}

/** Checking a passed lesson again doesn't change what it took to pass it. */
function untilPassed(events: readonly StoredEvent[]): readonly StoredEvent[] {
  const passed = events.findIndex(({ eventType }) => eventType === 'CHECK_PASSED')
  return passed === -1 ? events : events.slice(0, passed + 1)
}

/** Watch checks a new file as soon as it's there, and that isn't an attempt yet. */
function isAttempt({ eventType, payload }: StoredEvent): boolean {
  return /^CHECK_/.test(eventType) && !('untouched' in payload && payload.untouched === true)
}

/** Milliseconds between the events, without the breaks. */
function workedOn(events: readonly StoredEvent[]): number {
  const times = events.map(({ timestamp }) => Date.parse(timestamp)).filter((time) => !Number.isNaN(time))
  return times.reduce((sum, time, index) => {
    const gap = time - (times[index - 1] ?? time)
    return sum + Math.max(0, Math.min(BREAK, gap))
  }, 0)
}

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return counted(minutes, 'minute')
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return rest === 0 ? counted(hours, 'hour') : `${counted(hours, 'hour')} ${counted(rest, 'minute')}`
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
