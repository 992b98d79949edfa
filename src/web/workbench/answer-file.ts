import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { codeOf } from '../../common/errors.ts'
import { hashOf } from '../../common/hash.ts'
import { replaceFile } from '../../common/replace-file.ts'
import type { FileView } from './protocol.ts'

/** Maximum size of an answer that the page reads and writes, in bytes. */
export const MOST_BYTES = 200_000

/** The bytes on the disk, for a check, along with what the page gets to see of them. */
export interface Answer {
  readonly view: FileView
  readonly bytes?: Buffer
}

export type Saved =
  | { readonly kind: 'saved'; readonly answer: Answer }
  | { readonly kind: 'conflict'; readonly answer: Answer }
  | { readonly kind: 'problem'; readonly sentence: string }

/** The system's part in writing; a test fills the disk. */
export interface Disk {
  /** Leaves the file as it is, and returns false, if `isWanted` returns false right before the end. */
  replace(file: string, bytes: Buffer, mode: number, isWanted: () => boolean): boolean
  /** Fails if there's a file. */
  create(file: string, bytes: Buffer): void
}

export const realDisk: Disk = {
  replace: replaceFile,
  create: (file, bytes) => writeFileSync(file, bytes, { flag: 'wx' }),
}

/** Reads an answer. Never follows a link, neither of the file nor of its folder. */
export function readAnswer(file: string, shown: string): Answer {
  const link = linkAt(file, shown)
  if (link !== undefined) return { view: { kind: 'unusable', sentence: link } }
  let opened: number | undefined
  try {
    opened = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    const info = fstatSync(opened)
    if (!info.isFile())
      return unusable(`${shown} isn't a file. Move it out of the way, then start the lesson again.`)
    if (info.size > MOST_BYTES) {
      return unusable(`${shown} is larger than 200 kB, which is too much for this page. Use another editor.`)
    }
    const bytes = readFileSync(opened)
    const text = textOf(bytes)
    if (text === undefined) {
      return unusable(`${shown} isn't text in UTF-8, so this page leaves it alone. Use another editor.`)
    }
    const hash = hashOf(bytes)
    const common = { text: text.replaceAll('\r\n', '\n'), hash }
    if ((info.mode & 0o222) === 0) {
      const sentence = `${shown} is read-only, so this page can't save anything. Make it writable to continue.`
      return { view: { kind: 'read-only', ...common, sentence }, bytes }
    }
    const remark = text.includes('\r\n') && 'It has Windows line endings, and keeps them.'
    return { view: { kind: 'text', ...common, ...(remark && { remark }) }, bytes }
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') {
      const sentence = `${shown} is gone: it was deleted, moved, or renamed.`
      return { view: { kind: 'gone', sentence } }
    }
    return unusable(`${shown} can't be read (${code}).`)
  } finally {
    if (opened !== undefined) closeSync(opened)
  }
}

/**
 * Saves an answer that was based on the version with the hash `base`; null creates the file. If the file on the disk is
 * another version, nothing is written. It's compared twice, because the disk may take a while to write, and an editor
 * that saves meanwhile must not lose its version. Only one that saves between the second look and the rename may.
 */
export function saveAnswer(
  file: string,
  shown: string,
  text: string,
  base: string | null,
  disk: Disk = realDisk,
): Saved {
  const before = readAnswer(file, shown)
  const { view } = before
  if (view.kind === 'unusable' || view.kind === 'read-only')
    return { kind: 'problem', sentence: view.sentence }
  if (view.kind === 'gone' && base !== null) return { kind: 'conflict', answer: before }
  if (view.kind === 'text' && view.hash !== base) return { kind: 'conflict', answer: before }
  if (text.includes('\0')) {
    return {
      kind: 'problem',
      sentence:
        "Your code has a character that doesn't belong in text (NUL), so it wasn't saved. Undo what you pasted.",
    }
  }
  const eol = before.bytes?.includes('\r\n') === true ? '\r\n' : '\n'
  const bytes = Buffer.from(text.replaceAll('\n', eol))
  if (bytes.length > MOST_BYTES) {
    return {
      kind: 'problem',
      sentence: "Your code is larger than 200 kB, so it wasn't saved. Make it shorter.",
    }
  }
  const isAsRead = () => {
    const now = readAnswer(file, shown).view
    return now.kind === 'text' && now.hash === base
  }
  try {
    if (view.kind === 'gone') disk.create(file, bytes)
    else if (!disk.replace(file, bytes, lstatSync(file).mode & 0o777, isAsRead))
      return { kind: 'conflict', answer: readAnswer(file, shown) }
  } catch (error) {
    return {
      kind: 'problem',
      sentence: `${shown} wasn't saved: ${reason(error)} Your code is still on this page.`,
    }
  }
  return { kind: 'saved', answer: readAnswer(file, shown) }
}

function linkAt(file: string, shown: string): string | undefined {
  const links = [dirname(file), file].filter((path) =>
    lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink(),
  )
  if (links.length === 0) return undefined
  const what = links[0] === file ? shown : dirname(shown)
  return `${what} is a link to another place, and this page doesn't follow links. Replace it with a real one.`
}

function unusable(sentence: string): Answer {
  return { view: { kind: 'unusable', sentence } }
}

/** Undefined if it isn't UTF-8, or has bytes that no text has. */
function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full.',
  EDQUOT: 'your disk quota is used up.',
  EROFS: 'the disk is read-only.',
  EACCES: "you don't have permission to write there.",
  EPERM: "the system doesn't permit it.",
  EEXIST: 'another program has just created it.',
  ENOENT: "its folder doesn't exist anymore.",
}

function reason(error: unknown): string {
  const code = codeOf(error)
  return REASONS[code] ?? `the system reports ${code === '' ? String(error) : code}.`
}
