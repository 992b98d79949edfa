import { UnknownTrackError } from './errors.ts'
import type { Course, LessonSummary } from './lesson.ts'

interface TrackDefinition {
  readonly name: string
  /** Other names for it that commands accept. */
  readonly aliases: readonly string[]
  readonly title: string
  /** What the time in its name means, if that isn't the time for every task. */
  readonly plan?: string
  readonly has: (lesson: number) => boolean
  /** The tasks that a class takes of a lesson, by number; of the others it takes all. */
  readonly takes?: Readonly<Record<number, readonly number[]>>
  /** Minutes when it's led: of each lesson, by number, or of all together. As many as the lessons say, if missing. */
  readonly led?: Readonly<Record<number, number>> | number
}

const definitions: readonly TrackDefinition[] = [
  {
    name: 'ninety-minutes',
    aliases: [],
    title: 'Ninety minutes: one story from an event to a read model',
    plan: 'Ninety minutes are enough for one task of each lesson.',
    has: among(1, 2, 5, 7, 8),
    // 08 is demonstrated.
    takes: { 1: [1], 2: [1], 5: [2], 7: [1], 8: [] },
    led: { 1: 15, 2: 20, 5: 20, 7: 20, 8: 7 },
  },
  {
    name: 'half-day',
    aliases: [],
    title: 'Half a day: events, streams, concurrency, snapshots',
    has: among([1, 5], 7, 8, 14),
    led: 210,
  },
  {
    name: 'one-day',
    aliases: [],
    title: 'One long day: everything up to a whole order',
    has: among([1, 16]),
    led: 420,
  },
  { name: 'all', aliases: ['two-days'], title: 'The whole course: three days', has: () => true },
  {
    name: 'blog',
    aliases: [],
    title: 'The blog: snapshots, time travel, changing schemas',
    has: among([1, 5], 14, [18, 22]),
    led: 300,
  },
  {
    name: 'production',
    aliases: [],
    title: 'Production: consumers, retention, durability, cluster',
    has: among(7, [11, 13], [23, 28]),
    led: 360,
  },
]

export interface Track {
  readonly name: string
  readonly title: string
  /** What the time in its name means, if that isn't the time for every task. */
  readonly plan?: string
  /** Only lessons that exist, in course order. */
  readonly lessons: readonly LessonSummary[]
  /** For all its lessons together. */
  readonly minutes: number
  /** The tasks that a class takes of this lesson, by number; undefined for all of them. */
  readonly takes: (lesson: Pick<LessonSummary, 'number'>) => readonly number[] | undefined
  /** Minutes that a class takes for this lesson when it's led. */
  readonly led: (lesson: Pick<LessonSummary, 'number' | 'minutes'>) => number
}

/** A lesson of a track, and what it builds on that isn't in the track. */
export interface MissingPrerequisite {
  readonly lesson: string
  readonly missing: readonly string[]
}

/** All tracks of the course, from the shortest to the longest. */
export function tracks(course: Pick<Course, 'lessons'>): readonly Track[] {
  return definitions.map((definition) => build(definition, course))
}

/** One track by its name or alias. Throws UnknownTrackError. */
export function findTrack(course: Pick<Course, 'lessons'>, name: string): Track {
  const definition = definitions.find((one) => one.name === name || one.aliases.includes(name))
  if (!definition) throw new UnknownTrackError(name, trackNames())
  return build(definition, course)
}

/** The lessons of a track that exist, in order. Throws UnknownTrackError. */
export function trackLessons(course: Pick<Course, 'lessons'>, name: string): readonly LessonSummary[] {
  return findTrack(course, name).lessons
}

/** What learners who take only this track need but haven't done, so that the instructor can explain it briefly. */
export function missingPrerequisites(track: Pick<Track, 'lessons'>): readonly MissingPrerequisite[] {
  const present = new Set(track.lessons.map((lesson) => lesson.slug))
  return track.lessons
    .map(({ slug, after }) => ({ lesson: slug, missing: after.filter((needed) => !present.has(needed)) }))
    .filter(({ missing }) => missing.length > 0)
}

export function trackNames(): readonly string[] {
  return definitions.map(({ name }) => name)
}

function build(
  { name, title, plan, has, takes = {}, led }: TrackDefinition,
  course: Pick<Course, 'lessons'>,
): Track {
  const lessons = course.lessons.filter((lesson) => has(Number(lesson.number)))
  const minutes = lessons.reduce((sum, lesson) => sum + lesson.minutes, 0)
  return {
    name,
    title,
    ...(plan !== undefined && { plan }),
    lessons,
    minutes,
    takes: ({ number }) => takes[Number(number)],
    led: (lesson) =>
      typeof led === 'number'
        ? (lesson.minutes * led) / minutes
        : (led?.[Number(lesson.number)] ?? lesson.minutes),
  }
}

/** Lesson numbers, single or as `[first, last]`. */
function among(...wanted: readonly (number | readonly [number, number])[]): (lesson: number) => boolean {
  return (lesson) =>
    wanted.some((one) => (typeof one === 'number' ? lesson === one : lesson >= one[0] && lesson <= one[1]))
}

/** `1 h 30 min`. */
export function inHours(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return [...(hours === 0 ? [] : [`${hours} h`]), ...(rest === 0 && hours > 0 ? [] : [`${rest} min`])].join(
    ' ',
  )
}
