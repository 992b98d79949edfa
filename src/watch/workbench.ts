import type { CheckResult } from '../check/index.ts'
import { hashOf } from '../common/hash.ts'
import type { Beside, BesideNews, LookBeside } from '../learner/beside.ts'

interface WorkbenchBesideOptions {
  readonly slug: string
  readonly look: LookBeside | undefined
  /** The learner has left the lesson. */
  readonly signal: AbortSignal
  /** Checks here what the workbench doesn't; without content, the file as it is. */
  check(content?: Uint8Array): Promise<void>
  onChecking(isChecking: boolean, notice: string | undefined): void
  onVerdict(result: CheckResult): void
  /** There's no verdict anymore. */
  onStartedOver(): void
  onLost(): void
}

/** A check that has no verdict yet: of a save, or of whatever is in the file. */
type Due =
  | { readonly content: Uint8Array; readonly hash: string }
  | { readonly content?: never; readonly hash?: never }

/**
 * Leaves a lesson's checks to the workbench that's open beside the watch screen. It may be opened and closed at any
 * time, so each save looks for it again, and what it leaves without a verdict is checked here.
 */
export class WorkbenchBeside {
  readonly #options: WorkbenchBesideOptions
  #found: Promise<Beside | undefined> | undefined
  #due: Due | undefined
  /** Which version the workbench's last verdict is about. */
  #judged: string | undefined
  /** Resolves when the last test that failed is recorded, or can't be. */
  kept: Promise<void> = Promise.resolve()
  #keep: (() => void) | undefined

  constructor(options: WorkbenchBesideOptions) {
    this.#options = options
  }

  async saved(content: Uint8Array): Promise<void> {
    const hash = hashOf(content)
    // The workbench may notice a save before this program does.
    if (hash === this.#judged) this.#due = undefined
    else await this.#leave({ content, hash })
  }

  async run(): Promise<void> {
    const due: Due = {}
    const beside = await this.#leave(due)
    if (beside === undefined) return
    this.#due = due // an earlier check's verdict may just have come
    await beside.check('asked')
  }

  /** There's no file to check. */
  gone(): void {
    this.#due = undefined
  }

  async #leave(due: Due): Promise<Beside | undefined> {
    this.#due = due
    this.#found ??= this.#connect()
    const beside = await this.#found
    if (this.#options.signal.aborted) return undefined
    if (beside === undefined && this.#due === due) await this.#checkDue()
    return beside
  }

  async #connect(): Promise<Beside | undefined> {
    const { look, slug, signal } = this.#options
    const beside = await look?.(slug, signal)
    if (beside === undefined) this.#found = undefined
    else void this.#follow(beside)
    return beside
  }

  async #follow(beside: Beside): Promise<void> {
    const { signal, onLost } = this.#options
    let isFirst = true
    for await (const news of beside.news) {
      if (signal.aborted) break
      const hash = this.#due?.hash
      const isOld = isFirst && (hash === undefined || news.verdict?.hash !== hash)
      this.#hear(isOld ? { ...news, verdict: undefined } : news)
      // The page may have been closed when the file was last saved.
      if (isOld && hash !== undefined) void beside.check('save')
      isFirst = false
    }
    this.#setRecording(false)
    if (signal.aborted) return
    this.#found = undefined
    this.#judged = undefined
    onLost()
    if (this.#due !== undefined) await this.#checkDue()
  }

  #hear({ checking, notice, isRecording, verdict }: BesideNews): void {
    const { onChecking, onVerdict, onStartedOver } = this.#options
    this.#setRecording(isRecording)
    onChecking(checking, notice)
    if (verdict === undefined) return
    this.#judged = verdict?.hash
    if (verdict === null) {
      onStartedOver()
      return
    }
    if (this.#due?.hash === undefined || this.#due.hash === verdict.hash) this.#due = undefined
    onVerdict(verdict.result)
  }

  #setRecording(isRecording: boolean): void {
    if (isRecording && this.#keep === undefined) this.kept = new Promise((resolve) => (this.#keep = resolve))
    if (isRecording) return
    this.#keep?.()
    this.#keep = undefined
  }

  async #checkDue(): Promise<void> {
    const content = this.#due?.content
    this.#due = undefined
    await this.#options.check(content)
  }
}
