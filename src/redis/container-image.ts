import { sentenceOf } from '../common/errors.ts'
import { type ContainerEngine, callEngine } from './container-engine.ts'
import { RedisUnavailableError } from './errors.ts'

const DEFAULT_IMAGE = 'redis:8-alpine'

/** EVENTLINGS_IMAGE, or the official image. */
export function imageName(env: NodeJS.ProcessEnv): string {
  return env.EVENTLINGS_IMAGE?.trim() || DEFAULT_IMAGE
}

/** How long a download may be silent before we give up; without a network it fails much sooner. */
const PULL_SILENCE_MS = 20_000
/** Interval between progress notices of a download. */
const PROGRESS_EVERY_MS = 2_000

/** True when the engine already has the image. */
export async function hasImage(engine: ContainerEngine, image: string): Promise<boolean> {
  const path = `/images/${encodeURI(image)}/json`
  const reply = await callEngine(engine.address, 'GET', path, { timeout: 10_000 })
  return reply.status === 200
}

/** Downloads the image and reports its progress. Rejects with `RedisUnavailableError` if that fails. */
export async function pullImage(
  engine: ContainerEngine,
  image: string,
  onNotice: (sentence: string) => void,
  { silence = PULL_SILENCE_MS } = {},
): Promise<void> {
  onNotice(`Downloading the image ${image} (only once) …`)
  const download = new Download(image, onNotice)
  const path = `/images/create?${new URLSearchParams(splitName(image))}`
  let problem: string | undefined
  try {
    const { status, body } = await callEngine(engine.address, 'POST', path, {
      timeout: silence,
      onData: (chunk) => download.read(chunk),
    })
    problem = download.problem ?? (status === 200 ? undefined : errorIn(body))
  } catch (error) {
    problem = sentenceOf(error)
  }
  if (problem === undefined && (await hasImage(engine, image))) return
  throw new RedisUnavailableError(
    'container',
    `${engine.product} is running, but it doesn't have the image ${image} and can't download it (${shortened(problem)}).`,
    `With a network, run \`${engine.product.toLowerCase()} pull ${image}\`, or name a local image in EVENTLINGS_IMAGE.`,
  )
}

/** `host:5000/name:tag`: the colon of a port doesn't start a tag. */
function splitName(image: string): { fromImage: string; tag?: string } {
  const found = /^(.*):([^:/@]+)$/.exec(image)
  if (image.includes('@')) return { fromImage: image }
  return found?.[1] && found[2] ? { fromImage: found[1], tag: found[2] } : { fromImage: image, tag: 'latest' }
}

/** Reads the lines of JSON that a download sends, and reports now and then how many megabytes have arrived. */
class Download {
  problem: string | undefined
  private rest = ''
  private readonly layers = new Map<string, { readonly current: number; readonly total: number }>()
  private toldAt = performance.now()
  private readonly image: string
  private readonly onNotice: (sentence: string) => void

  constructor(image: string, onNotice: (sentence: string) => void) {
    this.image = image
    this.onNotice = onNotice
  }

  read(chunk: string): void {
    const lines = `${this.rest}${chunk}`.split('\n')
    this.rest = lines.pop() ?? ''
    for (const line of lines) this.readLine(line)
    const now = performance.now()
    if (now - this.toldAt < PROGRESS_EVERY_MS || this.layers.size === 0) return
    this.toldAt = now
    const sum = [...this.layers.values()].reduce(
      (all, layer) => ({ current: all.current + layer.current, total: all.total + layer.total }),
      { current: 0, total: 0 },
    )
    this.onNotice(`Downloading ${this.image}: ${megabytes(sum.current)} of ${megabytes(sum.total)} MB.`)
  }

  private readLine(line: string): void {
    const parsed = parseLine(line)
    if (parsed.error !== undefined) this.problem = parsed.error
    const { current, total } = parsed.progressDetail ?? {}
    if (parsed.id === undefined || current === undefined || total === undefined) return
    if (parsed.status === 'Downloading') this.layers.set(parsed.id, { current, total })
  }
}

interface PullLine {
  readonly status?: string
  readonly id?: string
  readonly error?: string
  readonly progressDetail?: { readonly current?: number; readonly total?: number }
}

/** What the engine on this machine sends isn't an attack, but it may be cut off. */
function parseLine(line: string): PullLine {
  try {
    return JSON.parse(line) ?? {}
  } catch {
    return {}
  }
}

function errorIn(body: string): string {
  const { message, cause } = parseBody(body)
  return cause ?? message ?? 'the engine refused'
}

function parseBody(body: string): { readonly message?: string; readonly cause?: string } {
  try {
    return JSON.parse(body) ?? {}
  } catch {
    return { message: body.trim() }
  }
}

/** Engines answer with a whole chain of causes, of which the last is the useful one. */
function shortened(problem: string | undefined): string {
  const last = (problem ?? 'the engine gave no reason')
    .split(/: (?=[a-z])/i)
    .slice(-2)
    .join(': ')
    .trim()
  return last.length > 120 ? `${last.slice(0, 119)}…` : last
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1)
}
