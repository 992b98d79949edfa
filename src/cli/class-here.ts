import type { LessonHead } from '../classroom/api.ts'
import { findClass } from '../classroom/host/class-file.ts'
import { isOpen, type OpenClass, openHub, ownAddress } from '../classroom/host/open-class.ts'
import type { About } from '../classroom/hub/about.ts'
import { talk } from '../classroom/member/talk.ts'
import { type Course, trackLessons } from '../course/index.ts'
import { type Flags, self } from './command.ts'
import type { Context } from './context.ts'

/** The columns of a class: its track, or the whole course. */
export function lessonsOf(course: Course): (about: About) => readonly LessonHead[] {
  return ({ track }) =>
    (track === undefined ? course.lessons : trackLessons(course, track)).map(({ slug, number, title }) => ({
      slug,
      number,
      title,
    }))
}

/** Queries the class in question: its running hub, or one that is opened for the moment. */
export async function askClass<T extends { readonly kind: string }>(
  context: Context,
  flags: Flags,
  path: string,
  body: unknown,
  here: (hub: OpenClass['hub']) => Promise<T>,
): Promise<{ readonly name: string; readonly answer: T }> {
  const { course, home } = await context.desk()
  const file = findClass(home.log, typeof flags.name === 'string' ? flags.name : undefined)
  const { name } = file.about
  if (await isOpen(file)) {
    const to = { address: ownAddress(file), token: file.secret, patience: 60_000 }
    return { name, answer: await talk<T>(to, path, body) }
  }
  const { hub, close } = await openHub({
    folder: home.log,
    file,
    lessonsOf: lessonsOf(course),
    env: context.env,
  })
  const done = context.cleanups.add(close)
  try {
    return { name, answer: await here(hub) }
  } finally {
    await close()
    done()
  }
}

/** What to tell the instructor about an open class. */
export function opened(open: OpenClass, qr: string): string {
  const { file, own, addresses, redis } = open
  const { name, joinCode } = file.about
  const [first = own, ...others] = addresses
  const reach = open.isLoopback
    ? `Only this machine can reach it. For a room: ${self} class resume --host 0.0.0.0`
    : `Everyone on this network can reach ${first}${others.length > 0 ? ` (or ${others.join(', ')})` : ''}. The connection isn't encrypted, so use a network that you trust.`
  return `"${name}" is open.

  Learners:  ${self} class join ${first} --code ${joinCode} --as NAME
  You:       ${own}/instructor
  Secret:    ${file.secret}   (for your pages; don't show it to anyone)
${qr}
${reach}
${redis.description}

Ctrl-C ends the hub; "${self} class resume" reopens the class, "${self} class close" ends it.`
}
