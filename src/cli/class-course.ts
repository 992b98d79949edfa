import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { diagnosesIn } from '../authoring/diagnoses.ts'
import type { LessonHead } from '../classroom/api.ts'
import type { Columns } from '../classroom/host/open-class.ts'
import type { ClassInfo } from '../classroom/hub/class-info.ts'
import { type Pieces, sentencesOf } from '../classroom/projections/sentences.ts'
import { prebuilt, projectRoot } from '../common/own-folder.ts'
import { type Course, filesOf, findTrack } from '../course/index.ts'

/** The lessons of a class, which are those of its track or of the whole course, and the tasks that it takes. */
export async function lessonsOf(
  course: Course,
  { track }: Pick<ClassInfo, 'track'>,
): Promise<readonly LessonHead[]> {
  const chosen = track === undefined ? undefined : findTrack(course, track)
  return Promise.all(
    (chosen?.lessons ?? course.lessons).map(async (lesson) => {
      const { slug, number, title } = lesson
      const { tasks } = await course.lesson(slug)
      const taken = chosen?.takes(lesson)
      const names = tasks.filter((task) => taken?.includes(task.number) ?? true).map(({ name }) => name)
      return { slug, number, title, tasks: names, minutes: chosen?.led(lesson) ?? lesson.minutes }
    }),
  )
}

/** The lessons, and the sentences of their suites, which the wall may show. */
export async function columnsOf(course: Course, classInfo: Pick<ClassInfo, 'track'>): Promise<Columns> {
  const lessons = await lessonsOf(course, classInfo)
  const suites = await Promise.all(
    lessons.map(async ({ slug }) => [slug, await piecesIn(filesOf(course, slug).suite)] as const),
  )
  return { lessons, inTheCoursesWords: sentencesOf(new Map(suites), await piecesOfChecks()) }
}

/** What the check itself says, whatever the lesson. */
async function piecesOfChecks(): Promise<readonly Pieces[]> {
  const folder = prebuilt('check') ?? path.join(projectRoot(), 'src', 'check')
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.m?[tj]s$/.test(name))
  return (await Promise.all(names.map((name) => piecesIn(path.join(folder, name))))).flat()
}

async function piecesIn(file: string): Promise<readonly Pieces[]> {
  const pieces = diagnosesIn(await readFile(file, 'utf8')).map((sentence) => sentence.pieces)
  // As copies: V8 keeps the whole file in memory for as long as there's a piece that was cut from it.
  return JSON.parse(JSON.stringify(pieces))
}
