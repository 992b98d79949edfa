import { type FSWatcher, watch as fsWatch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

/** News about the watched file. */
export interface FileNews {
  /** New content that has come to rest, unless it was asked for at once. Saving the same content again isn't news. */
  onContent(content: Buffer): void
  onGone(): void
  /**
   * The operating system reports nothing about this folder (a network drive, WSL): from now on the file is polled.
   */
  onDeaf?(): void
}

export interface WatchFileOptions {
  /** Poll from the start. */
  readonly poll?: boolean
  /**
   * Report content before it has come to rest, for programs that can stop what they began: if it was only a part, the
   * rest is reported, too.
   */
  readonly atOnce?: boolean
  /** Replaces `fs.watch`; calls back on anything that happens in the folder. */
  readonly listen?: (folder: string, heard: (name: string | null) => void) => { close(): void }
}

/**
 * How long a file may be empty before that counts: an editor that truncates and then writes leaves it empty for a
 * moment.
 */
const EMPTY_MS = 400
/** How often an empty file is read again: most editors are done with it after a millisecond. */
const EMPTY_TICK_MS = 3
/** How long content must stay the same before it counts: some editors write in pieces. */
const REST_MS = 12
const POLL_MS = 150
/** How often a watcher is checked for deafness. */
const CONTROL_MS = 1_000

/** Watches one file, however its editor saves: in place, by renaming, twice, or with an empty file for a moment. */
export function watchFile(path: string, news: FileNews, options: WatchFileOptions = {}): { close(): void } {
  let last: Buffer | undefined
  let gone = false
  let closed = false
  let looking = false
  let again = false
  let heard = options.poll === true
  let unheard = false

  async function look(): Promise<void> {
    if (looking) {
      again = true
      return
    }
    looking = true
    try {
      do {
        again = false
        await settle()
      } while (again && !closed)
    } finally {
      looking = false
    }
  }

  async function settle(): Promise<void> {
    let content = await contentOf(path)
    while (!closed && !(content !== undefined && last?.equals(content))) {
      for (let waited = 0; waited < EMPTY_MS && isEmpty(content) && !closed; waited += EMPTY_TICK_MS) {
        await pause(EMPTY_TICK_MS)
        content = await contentOf(path)
      }
      if (options.atOnce !== true) content = await rested(content)
      if (closed) return
      if (content === undefined) {
        if (!gone) news.onGone()
        gone = true
        last = undefined
        return
      }
      if (!last?.equals(content)) {
        gone = false
        last = content
        news.onContent(content)
      }
      if (options.atOnce !== true) return
      await pause(REST_MS)
      content = await contentOf(path)
    }
  }

  async function rested(content: Buffer | undefined): Promise<Buffer | undefined> {
    let now = content
    for (let before: Buffer | undefined; now !== undefined && !before?.equals(now); ) {
      before = now
      await pause(REST_MS)
      now = await contentOf(path)
    }
    return now
  }

  const listen = options.listen ?? listenByFs
  let watcher: { close(): void } | undefined
  let poller: NodeJS.Timeout | undefined
  const startPolling = () => {
    poller ??= setInterval(() => void look(), POLL_MS)
  }

  /**
   * Looks on its own now and then. If it finds a change, and no event reports it by the next look either, the watcher
   * is deaf; on a busy machine events just come late.
   */
  async function control(): Promise<void> {
    if (looking || closed || poller !== undefined) return
    if (unheard && !heard) {
      news.onDeaf?.()
      startPolling()
      return
    }
    heard = false
    const content = await contentOf(path)
    unheard = !heard && (content === undefined ? !gone && last !== undefined : !last?.equals(content))
    if (unheard) await look()
  }

  if (options.poll === true) startPolling()
  else {
    try {
      watcher = listen(dirname(path), (name) => {
        heard = true
        if (name === null || name === basename(path)) void look()
      })
    } catch {
      news.onDeaf?.()
      startPolling()
    }
  }
  const controller = setInterval(() => void control(), CONTROL_MS)
  void look()

  return {
    close() {
      closed = true
      watcher?.close()
      clearInterval(poller)
      clearInterval(controller)
    },
  }
}

/**
 * The folder and not the file: a save by renaming replaces the file, and a watcher on the file would keep watching
 * the old one.
 */
function listenByFs(folder: string, heard: (name: string | null) => void): FSWatcher {
  const watcher = fsWatch(folder, { persistent: true }, (_, name) => heard(name))
  watcher.on('error', () => {}) // no more events will come, and that is noticed
  return watcher
}

async function contentOf(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch(() => undefined)
}

function isEmpty(content: Buffer | undefined): boolean {
  return content === undefined || content.length === 0
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
