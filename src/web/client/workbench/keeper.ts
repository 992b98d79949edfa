import type { FileView, SyntaxProblem } from '../../workbench/protocol.ts'
import { basedOn, type Draft, type Kept, meaningOf, type Version, withoutSent, withSent } from './draft.ts'
import { askForCheck, type NoAnswer, saveFile } from './requests.ts'
import { type EditorText, Shelf } from './shelf.ts'

/** How the text in the editor and the file are related. */
export type Keeping =
  | { readonly kind: 'saved' }
  | { readonly kind: 'typing' }
  | { readonly kind: 'saving' }
  /** The file has changed, too: `theirs` is what it is now. */
  | { readonly kind: 'conflict'; readonly theirs: Version }
  | { readonly kind: 'gone' }
  | { readonly kind: 'problem'; readonly sentence: string }
  | NoAnswer

export interface KeeperOptions {
  readonly slug: string
  readonly draft: Draft
  readonly editor: () => EditorText
  /** Keeps it for a reload of the page. */
  keep(kept: Kept): void
  onKeeping(keeping: Keeping): void
  onSyntax(error: SyntaxProblem | undefined): void
}

/** Rest (ms) after which the text is saved, and after which it's checked. */
const SAVE_AFTER = 1_000
const CHECK_AFTER = 3_000
/** Interval (ms) between two tries to save while there's no answer. */
const RETRY_AFTER = 2_000

/** Saves the text, one version at a time, and notices when another program has changed the file. */
export class Keeper {
  readonly #options: KeeperOptions
  #draft: Draft
  #keeping: Keeping = { kind: 'saved' }
  #rev = 0
  #hasSyntaxError = false
  #saving: Promise<boolean> | undefined
  #saveTimer: ReturnType<typeof setTimeout> | undefined
  #checkTimer: ReturnType<typeof setTimeout> | undefined
  readonly #shelf: Shelf

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#draft = options.draft
    const { editor, keep } = options
    this.#shelf = new Shelf({ draft: () => this.#draft, editor, keep })
  }

  get #isDirty(): boolean {
    return this.#options.editor().text !== this.#draft.baseText
  }

  /** The learner has to decide first what happens to the file. */
  get #isUndecided(): boolean {
    return this.#keeping.kind === 'conflict' || this.#keeping.kind === 'gone'
  }

  /** The learner has typed. */
  changed(): void {
    this.#shelf.changed()
    clearTimeout(this.#saveTimer)
    clearTimeout(this.#checkTimer)
    if (this.#isUndecided) return
    if (this.#keeping.kind === 'saved') this.#set({ kind: 'typing' })
    this.#saveAfter(SAVE_AFTER)
    this.#checkTimer = setTimeout(() => void this.#rest(), CHECK_AFTER)
  }

  /** The file as the server sees it; `rev` grows with each version, because news may overtake each other. */
  hear(file: FileView, rev: number): void {
    if (rev < this.#rev) return
    this.#rev = rev
    if (file.kind === 'unusable') this.#set({ kind: 'problem', sentence: file.sentence })
    else if (file.kind === 'gone') this.#set({ kind: 'gone' })
    else this.#compare({ hash: file.hash, text: file.text })
  }

  #compare(version: Version): void {
    const { editor } = this.#options
    switch (meaningOf(this.#draft, editor().text, version)) {
      case 'known':
        break
      case 'ours':
        this.#draft = { ...this.#draft, ...basedOn(version) }
        break
      case 'take':
        editor().replace(version.text)
        this.#note(undefined) // it was about the previous text; the verdict says so if this one doesn't parse either
        this.#draft = basedOn({ hash: version.hash, text: editor().text })
        break
      case 'conflict':
        clearTimeout(this.#saveTimer)
        clearTimeout(this.#checkTimer)
        this.#set({ kind: 'conflict', theirs: version })
        return
    }
    if (this.#saving === undefined && this.#draft.sent !== undefined) {
      // Nothing is on its way anymore, and this is what became of it.
      this.#draft = withoutSent(this.#draft)
    }
    this.#shelf.keep()
    if (this.#saving !== undefined) {
      // It's back, so the reply to the save must not take it for gone.
      if (this.#keeping.kind === 'gone') this.#set({ kind: 'saving' })
      return
    }
    if (!this.#isDirty) this.#set({ kind: 'saved' })
    else if (this.#keeping.kind !== 'typing') {
      // It was typed before a reload, before a restart, or while the file was gone.
      this.#set({ kind: 'typing' })
      void this.save()
    }
  }

  /** Resolves to whether the file now has the text of the editor. */
  async save(): Promise<boolean> {
    clearTimeout(this.#saveTimer)
    // Of several that wait, the first one may send, and the others wait again.
    while (this.#saving !== undefined) await this.#saving
    if (this.#isUndecided) return false
    if (!this.#isDirty) {
      this.#set({ kind: 'saved' })
      return true
    }
    return this.#send()
  }

  /** Saves and checks, because the learner asked for it. */
  async check(): Promise<void> {
    clearTimeout(this.#checkTimer)
    if (await this.save()) await askForCheck(this.#options.slug, 'asked')
  }

  /** Ends a conflict with this page's text, or with the other one; both can be undone in the editor. */
  async resolve(choice: 'mine' | 'theirs'): Promise<void> {
    if (this.#keeping.kind !== 'conflict') return
    const { theirs } = this.#keeping
    const { editor } = this.#options
    this.#draft = basedOn(theirs)
    if (choice === 'theirs') {
      editor().replace(theirs.text)
      this.#note(undefined)
      this.#draft = basedOn({ hash: theirs.hash, text: editor().text })
    }
    this.#set({ kind: 'typing' })
    this.#shelf.keep()
    await this.save()
  }

  /** Creates the file again, with this page's text. */
  async createAgain(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving
    if (this.#keeping.kind !== 'gone') return
    this.#draft = { base: null, baseText: '' }
    await this.#send()
  }

  /** The page is being closed, or hidden. */
  leave(): void {
    this.#shelf.keep()
    if (!this.#isUndecided && this.#isDirty && this.#saving === undefined) void this.#send(true)
  }

  /** Something typed can't be saved now, so that it would be gone along with the tab. */
  get isAtRisk(): boolean {
    const { kind } = this.#keeping
    // While the learner types, what's typed is sent as the page is left.
    return this.#isDirty && kind !== 'saved' && kind !== 'typing'
  }

  async #rest(): Promise<void> {
    const { slug } = this.#options
    if ((await this.save()) && !this.#hasSyntaxError) await askForCheck(slug, 'rest')
  }

  #send(isLeaving = false): Promise<boolean> {
    const sending = this.#exchange(isLeaving).finally(() => {
      if (this.#saving === sending) this.#saving = undefined
    })
    this.#saving = sending
    return sending
  }

  #note(problem: SyntaxProblem | undefined): void {
    this.#hasSyntaxError = problem !== undefined
    this.#options.onSyntax(problem)
  }

  async #exchange(isLeaving: boolean): Promise<boolean> {
    const { slug, editor } = this.#options
    const text = editor().text
    this.#draft = withSent(this.#draft, text)
    // Another try isn't worth a word: what's said about the last one stays.
    if (this.#keeping.kind !== 'no answer') this.#set({ kind: 'saving' })
    const { base } = this.#draft
    const reply = await saveFile(slug, text, base, isLeaving)
    switch (reply.kind) {
      case 'saved': {
        if (reply.rev < this.#rev && this.#draft.sent === undefined) {
          // News of this save, and then of a later version, was faster than the reply, and the page has taken that version.
          this.#draft = withoutSent(this.#draft)
        } else {
          this.#rev = Math.max(this.#rev, reply.rev)
          this.#draft = basedOn({ hash: reply.hash, text })
          this.#note(reply.syntax)
        }
        if (this.#keeping.kind === 'conflict' && reply.rev < this.#rev) {
          // The other version came after this one, so nothing typed before it is lost.
          this.#saving = undefined
          const { theirs } = this.#keeping
          this.#set({ kind: 'typing' })
          this.#compare(theirs)
          return !this.#isDirty
        }
        // The file was deleted after this save.
        if (this.#keeping.kind === 'gone' && reply.rev < this.#rev) {
          this.#shelf.keep()
          return false
        }
        const isAll = !this.#isDirty
        this.#set({ kind: isAll ? 'saved' : 'typing' })
        this.#shelf.keep()
        return isAll
      }
      case 'conflict':
        this.#saving = undefined
        // Which may turn out to be none: another page has sent the same text, or this page has, without getting a reply.
        if (reply.rev >= this.#rev || !this.#isUndecided) this.#set({ kind: 'typing' })
        this.hear(reply.file, reply.rev)
        if (this.#keeping.kind === 'typing') this.#saveAfter(SAVE_AFTER)
        return false
      case 'problem':
        if (!this.#isUndecided) this.#set(reply)
        return false
      case 'no answer':
        if (this.#isUndecided) return false
        this.#set(reply)
        this.#saveAfter(RETRY_AFTER)
        return false
    }
  }

  #saveAfter(ms: number): void {
    clearTimeout(this.#saveTimer)
    this.#saveTimer = setTimeout(() => void this.save(), ms)
  }

  #set(keeping: Keeping): void {
    this.#keeping = keeping
    this.#options.onKeeping(keeping)
  }
}
