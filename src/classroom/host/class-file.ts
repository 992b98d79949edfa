import { readdirSync } from 'node:fs'
import path from 'node:path'
import { self } from '../../common/self.ts'
import { ClassError } from '../errors.ts'
import type { ClassInfo } from '../hub/class-info.ts'
import { classInfoFromHash } from '../hub/class-info.ts'
import { fieldsOf, readJson, writeJson } from '../json-file.ts'

/** What the instructor's machine keeps of a class: enough to reopen it, even on a Redis that has lost everything. */
export interface ClassFile {
  /** In the file, it's called `about`. */
  readonly classInfo: ClassInfo
  /** For the instructor's pages. */
  readonly secret: string
  /** `own` or `embedded`: started with the hub; otherwise an address. */
  readonly redis: string
  readonly host: string
  readonly port: number
  /** The hub that has it open, if it wasn't killed. */
  readonly pid?: number | undefined
}

/** `folder` is `.eventlings`. */
export function classFolder(folder: string, id: string): string {
  return path.join(folder, 'classes', id)
}

function fileOf(folder: string, id: string): string {
  return path.join(classFolder(folder, id), 'class.json')
}

export function writeClass(folder: string, file: ClassFile): void {
  const { classInfo: about, ...rest } = file
  writeJson(fileOf(folder, about.id), { about, ...rest })
}

/** The classes of this machine, latest first. */
export function readClasses(folder: string): readonly ClassFile[] {
  return idsIn(path.join(folder, 'classes'))
    .flatMap((id) => readClass(folder, id) ?? [])
    .sort((a, b) => b.classInfo.openedAt.localeCompare(a.classInfo.openedAt))
}

/** The requested class: by part of its name or ID, otherwise the latest. Throws ClassError. */
export function findClass(folder: string, asked?: string): ClassFile {
  const classes = readClasses(folder)
  const meant = (asked ?? '').toLowerCase()
  const found = classes.find(
    ({ classInfo }) => classInfo.id.startsWith(meant) || classInfo.name.toLowerCase().includes(meant),
  )
  if (found !== undefined) return found
  const names = classes.map(({ classInfo }) => `"${classInfo.name}"`).join(', ')
  throw new ClassError(
    classes.length === 0
      ? `No class has been opened here yet. Open one: ${self} class open`
      : `There's no class "${asked}" here. The classes are: ${names}.`,
  )
}

function readClass(folder: string, id: string): ClassFile | undefined {
  const found = fieldsOf(readJson(fileOf(folder, id)))
  const classInfo = classInfoFromHash(fieldsOf(found.about) as Record<string, string>)
  const { secret, redis, host, port, pid } = found
  if (classInfo?.id !== id || typeof secret !== 'string' || typeof redis !== 'string') return undefined
  if (typeof host !== 'string' || typeof port !== 'number') return undefined
  return { classInfo, secret, redis, host, port, ...(typeof pid === 'number' && { pid }) }
}

function idsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
