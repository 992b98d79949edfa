import type { Text } from '../../../recording/index.ts'

/** Maximum length of a value in a recording. Longer ones keep their beginning and their end. */
const MOST = 4_000
const KEPT_AT_END = 500

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A value for a recording: as it is if it's short enough and text, otherwise with its length in bytes. */
export function textOf(value: Buffer | string): Text {
  if (typeof value === 'string') return cut(value, undefined)
  try {
    return cut(strict.decode(value), undefined)
  } catch {
    return cut(escaped(value), value.length)
  }
}

/** In place of a password. */
export const HIDDEN: Text = { s: '(hidden)', hidden: true }

function cut(text: string, bytes: number | undefined): Text {
  if (text.length <= MOST) return { s: text, ...(bytes !== undefined && { bytes }) }
  const start = text.slice(0, MOST - KEPT_AT_END).replace(/[\uD800-\uDBFF]$/, '')
  const end = text.slice(-KEPT_AT_END).replace(/^[\uDC00-\uDFFF]/, '')
  return { s: `${start}…${end}`, bytes: bytes ?? Buffer.byteLength(text) }
}

/** Bytes that aren't text, as redis-cli shows them. */
function escaped(bytes: Buffer): string {
  return [...bytes]
    .map((byte) =>
      byte === 0x5c ? '\\\\' : byte < 0x20 || byte > 0x7e ? hex(byte) : String.fromCharCode(byte),
    )
    .join('')
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
