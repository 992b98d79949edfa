import type { LessonHead, LessonStatus, Pace, ParticipantRow, PlanClock } from './api-rows.ts'

/**
 * How a class is doing against the plan of its track. Also runs in a page, where time goes on without the hub.
 * Lessons that the instructor only demonstrates have no tasks and count for no one.
 */
export interface AgainstPlan {
  /** The slug of the lesson that the plan has the class at; missing at its end. */
  readonly planned?: string
  /** How many minutes half of the participants are behind; negative when they're ahead. */
  readonly behind: number
}

/** Without a word from the instructor for that long (ms), it's another day, and the plan begins where the class does. */
export const STALE_MS = 4 * 60 * 60_000

const MINUTE = 60_000

/** `now` is the hub's time, ISO 8601. Undefined if there's no plan, or no one to measure. */
export function paceAt(
  { clock, median }: Pace,
  lessons: readonly LessonHead[],
  now: string,
): AgainstPlan | undefined {
  if (Date.parse(now) - Date.parse(clock.setAt) > STALE_MS) return undefined
  const ran = elapsed(clock, now)
  const ends: number[] = []
  let [at, work, due] = [0, 0, 0]
  let planned: string | undefined
  for (const { slug, tasks, minutes = 0 } of today(lessons, clock)) {
    if (planned === undefined && ran < at + minutes) planned = slug
    if (tasks?.length !== 0) {
      due += Math.min(minutes, Math.max(0, ran - at))
      const count = tasks?.length ?? 1
      for (let task = 1; task <= count; task += 1) ends.push(work + (minutes * task) / count)
      work += minutes
    }
    at += minutes
  }
  if (at === 0) return undefined
  // Someone who works on a task is behind only once the plan has that task done.
  const next = ends.find((end) => end > median + 0.01) ?? work
  const behind = due > next ? due - next : Math.min(0, due - median)
  return { ...(planned !== undefined && { planned }), behind }
}

/** What the median is based on: minutes of the plan that a participant has done. */
export function medianOf(
  rows: readonly Pick<ParticipantRow, 'lessons'>[],
  lessons: readonly LessonHead[],
  clock: PlanClock,
): number {
  const plan = today(lessons, clock)
  const done = rows
    .map((row) => plan.reduce((sum, head) => sum + doneOf(row.lessons[head.slug], head), 0))
    .sort((a, b) => a - b)
  return done[Math.floor(done.length / 2)] ?? 0
}

function doneOf(state: LessonStatus | undefined, { tasks, minutes = 0 }: LessonHead): number {
  if (state === undefined || tasks?.length === 0) return 0
  if (/^(passed|passed-after-solution|skipped)$/.test(state.light)) return minutes
  const done = (state.tasks ?? '').match(/[ps]/g)?.length ?? 0
  return tasks === undefined ? 0 : (minutes * done) / tasks.length
}

function today(lessons: readonly LessonHead[], { from }: PlanClock): readonly LessonHead[] {
  return lessons.slice(
    Math.max(
      0,
      lessons.findIndex(({ slug }) => slug === from),
    ),
  )
}

/** Minutes that the clock has run. */
function elapsed({ ranMs, since }: PlanClock, now: string): number {
  const running = since === undefined ? 0 : Math.max(0, Date.parse(now) - Date.parse(since))
  return (ranMs + running) / MINUTE
}

/** `According to the plan, the class should be at lesson 05 now. The median learner is 4 minutes behind.` */
export function paceInWords({ planned, behind }: AgainstPlan, lessons: readonly LessonHead[]): string {
  const head = lessons.find(({ slug }) => slug === planned)
  const where =
    head === undefined
      ? 'According to the plan, the class should be done.'
      : `According to the plan, the class should be at lesson ${head.number} now.`
  const minutes = Math.round(Math.abs(behind))
  if (minutes === 0) return `${where} The median learner is on time.`
  const much = minutes === 1 ? '1 minute' : `${minutes} minutes`
  return `${where} The median learner is ${much} ${behind > 0 ? 'behind' : 'ahead'}.`
}
