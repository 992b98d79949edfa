import { type ExportEnd, type ExportHead, type ParticipantPage, paths } from './api.ts'
import { ClassUnreachableError } from './errors.ts'
import { fieldsOf } from './json-file.ts'
import { RefusedError } from './member/request.ts'

export type ExportPart = ExportHead | ParticipantPage | ExportEnd

/** How long a hub may think about the next participant (ms). */
const TIMEOUT_MS = 30_000

/** Reads the whole class from its hub, one participant at a time. Throws ClassUnreachableError or RefusedError. */
export async function* readExport(address: string, secret: string): AsyncGenerator<ExportPart> {
  const stop = new AbortController()
  let timer = setTimeout(() => stop.abort(), TIMEOUT_MS)
  let isWhole = false
  try {
    const headers = { authorization: `Bearer ${secret}` }
    const response = await fetch(`${address}${paths.export}`, {
      headers,
      signal: stop.signal,
      redirect: 'error',
    })
    if (!response.ok)
      throw new RefusedError(response.status, String(fieldsOf(await response.json()).sentence))
    for await (const line of lines(response.body ?? new ReadableStream())) {
      clearTimeout(timer)
      timer = setTimeout(() => stop.abort(), TIMEOUT_MS)
      const part = JSON.parse(line) as ExportPart
      isWhole = part.kind === 'end'
      yield part
    }
  } catch (error) {
    if (error instanceof RefusedError) throw error
    throw new ClassUnreachableError(
      address,
      `${address} stopped answering while it was sending the class's data.`,
    )
  } finally {
    clearTimeout(timer)
  }
  if (!isWhole) {
    throw new ClassUnreachableError(address, `${address} sent only part of the class's data. Try again.`)
  }
}

async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest: string[] = []
  for await (const chunk of body) {
    const [first = '', ...more] = decoder.decode(chunk, { stream: true }).split('\n')
    rest.push(first)
    for (const part of more) {
      yield rest.join('')
      rest = [part]
    }
  }
}
