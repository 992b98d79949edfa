import { ClassError } from '../errors.ts'

/** Parses an address as typed, or read from a QR code: `192.168.1.5:4280`, `http://…/#K7QX2M`. Throws ClassError. */
export function readClassAddress(text: string): {
  readonly address: string
  readonly code: string | undefined
} {
  const trimmed = text.trim()
  const whole = /^[a-z]+:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`
  const url = URL.canParse(whole) ? new URL(whole) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '' || url.username !== '') {
    throw new ClassError(`"${text}" isn't the address of a class. Use one like http://192.168.1.5:4280.`)
  }
  return { address: url.origin, code: decodeURIComponent(url.hash.slice(1)) || undefined }
}
