import { access, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { Exit } from '../../common/exit.ts'
import { saveImage } from '../../redis/save-image.ts'
import { type CourseFiles, courseFiles } from './course-files.ts'
import { packageOutside } from './packages-outside.ts'

export interface BundleOptions {
  /** The course's folder. */
  readonly root: string
  /** Where the archive goes, a `.tar.gz` or `.tgz`. */
  readonly file: string
  readonly env: NodeJS.ProcessEnv
  /** Progress, in sentences. */
  onNotice(sentence: string): void
}

export interface Bundle {
  readonly file: string
  readonly bytes: number
  /** The Redis image inside, if an engine had it. */
  readonly image: string | undefined
}

/** The archive can't be made; the message is for people. */
export class BundleError extends Error {
  override readonly name = 'BundleError'
  readonly exitCode = Exit.wrongUse
}

/** Where the image is in the archive, relative to the course's folder. */
export const IMAGE_FILE = path.join('.eventlings', 'redis-image.tar')

/**
 * One archive for a room without internet: the course, its packages as installed here (for this platform), and the
 * Redis image if an engine on this machine has it. It contains no one's answers or progress. Rejects with
 * BundleError.
 */
export async function bundleCourse({ root, file, env, onNotice }: BundleOptions): Promise<Bundle> {
  if (!/\.(tar\.gz|tgz)$/.test(file)) {
    throw new BundleError(`${file} should end in .tar.gz, because that's its format.`)
  }
  const outside = packageOutside(root)
  if (outside !== undefined) {
    throw new BundleError(
      `The packages can't be packed, because they're outside the course, in ${path.dirname(outside)}. Clone the course into a folder outside any workspace, run "npm install" there, and make the bundle there.`,
    )
  }
  const packages = path.join(root, 'node_modules')
  await access(packages).catch(() => {
    throw new BundleError(`There are no packages in ${packages}. Run "npm install" first.`)
  })
  const image = path.join(root, IMAGE_FILE)
  try {
    const saved = await saveImage(env, image)
    onNotice(
      saved === undefined
        ? 'No engine here has a Redis image, so it is left out.'
        : `With the image ${saved}.`,
    )
    const files = await courseFiles(root, env)
    if (files.leftOut.length > 0) onNotice(leftOut(files.leftOut))
    onNotice('Packing, which takes a minute …')
    const { create } = await import('tar')
    const belongs = (name: string) => isPart(name, { root, archive: file, files })
    await create({ gzip: true, file, cwd: root, prefix: 'eventlings', portable: true, filter: belongs }, [
      '.',
    ])
    return { file, bytes: (await stat(file)).size, image: saved }
  } finally {
    await rm(image, { force: true })
  }
}

interface Parts {
  readonly root: string
  readonly archive: string
  readonly files: CourseFiles
}

/** The course, its packages without what they rebuild on demand, the image, and not the archive itself. */
function isPart(name: string, { root, archive, files }: Parts): boolean {
  const inside = path.normalize(name)
  if (path.resolve(root, inside) === path.resolve(archive)) return false
  if (['.', '.eventlings', IMAGE_FILE].includes(inside)) return true
  const [first = '', second = ''] = inside.split(path.sep)
  if (first === 'node_modules') return !['.cache', '.vite', '.vite-temp'].includes(second)
  return files.has(inside)
}

/** The author's own lesson may be among them, so they are named. */
function leftOut(names: readonly string[]): string {
  const more = names.length > 5 ? `, and ${names.length - 5} more` : ''
  const pronoun = names.length === 1 ? 'it' : 'them'
  return `Left out, because git doesn't track ${pronoun}: ${names.slice(0, 5).join(', ')}${more}.`
}
