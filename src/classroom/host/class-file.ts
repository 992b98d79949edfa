import { readdirSync } from 'node:fs'
import path from 'node:path'
import { ClassError } from '../errors.ts'
import type { About } from '../hub/class-info.ts'
import { aboutFromHash } from '../hub/class-info.ts'
import { fieldsOf, readJson, writeJson } from '../json-file.ts'

/** What the instructor's machine keeps of a class: enough to reopen it, even on a Redis that has lost everything. */
export interface ClassFile {
  readonly about: About
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
  writeJson(fileOf(folder, file.about.id), file)
}

/** The classes of this machine, latest first. */
export function readClasses(folder: string): readonly ClassFile[] {
  return idsIn(path.join(folder, 'classes'))
    .flatMap((id) => readClass(folder, id) ?? [])
    .sort((a, b) => b.about.openedAt.localeCompare(a.about.openedAt))
}

/** The requested class: by part of its name or ID, otherwise the latest. Throws ClassError. */
export function findClass(folder: string, asked?: string): ClassFile {
  const classes = readClasses(folder)
  const meant = (asked ?? '').toLowerCase()
  const found = classes.find(
    ({ about }) => about.id.startsWith(meant) || about.name.toLowerCase().includes(meant),
  )
  if (found !== undefined) return found
  const names = classes.map(({ about }) => `"${about.name}"`).join(', ')
  throw new ClassError(
    classes.length === 0
      ? 'No class has been opened here yet. Open one: npx eventlings class open'
      : `There's no class "${asked}" here. The classes are: ${names}.`,
  )
}

function readClass(folder: string, id: string): ClassFile | undefined {
  const found = fieldsOf(readJson(fileOf(folder, id)))
  const about = aboutFromHash(fieldsOf(found.about) as Record<string, string>)
  const { secret, redis, host, port, pid } = found
  if (about?.id !== id || typeof secret !== 'string' || typeof redis !== 'string') return undefined
  if (typeof host !== 'string' || typeof port !== 'number') return undefined
  return { about, secret, redis, host, port, ...(typeof pid === 'number' && { pid }) }
}

function idsIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
