import type { FileView, SyntaxProblem } from '../../workbench/protocol.ts'
import type { Editor } from '../editor.ts'
import { basedOn, type Draft, meaningOf, type Version } from './draft.ts'
import { keep } from './kept.ts'
import { askForCheck, type NoAnswer, saveFile } from './requests.ts'

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
  readonly editor: () => Editor
  onKeeping(keeping: Keeping): void
  onSyntax(error: SyntaxProblem | undefined): void
}

/** Rest (ms) after which the text is saved, and after which it's checked. */
const SAVE_AFTER = 1_000
const CHECK_AFTER = 3_000

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

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#draft = options.draft
  }

  get #isDirty(): boolean {
    return this.#options.editor().text !== this.#draft.baseText
  }

  /** The learner has typed. */
  changed(): void {
    this.#keep()
    clearTimeout(this.#saveTimer)
    clearTimeout(this.#checkTimer)
    if (this.#keeping.kind === 'conflict' || this.#keeping.kind === 'gone') return
    if (this.#keeping.kind === 'saved') this.#set({ kind: 'typing' })
    this.#saveTimer = setTimeout(() => void this.save(), SAVE_AFTER)
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
        this.#draft = basedOn({ hash: version.hash, text: editor().text })
        break
      case 'conflict':
        clearTimeout(this.#saveTimer)
        clearTimeout(this.#checkTimer)
        this.#set({ kind: 'conflict', theirs: version })
        return
    }
    this.#keep()
    if (this.#saving !== undefined) return
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
    await this.#saving
    if (this.#keeping.kind === 'conflict' || this.#keeping.kind === 'gone') return false
    if (!this.#isDirty) {
      this.#set({ kind: 'saved' })
      return true
    }
    this.#saving = this.#send()
    const isSaved = await this.#saving
    this.#saving = undefined
    return isSaved
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
      this.#draft = basedOn({ hash: theirs.hash, text: editor().text })
    }
    this.#set({ kind: 'typing' })
    this.#keep()
    await this.save()
  }

  /** Creates the file again, with this page's text. */
  async createAgain(): Promise<void> {
    this.#draft = { base: null, baseText: '' }
    this.#set({ kind: 'typing' })
    this.#saving = this.#send()
    await this.#saving
    this.#saving = undefined
  }

  /** The page is being closed, or hidden. */
  leave(): void {
    this.#keep()
    const { slug, editor } = this.#options
    const { kind } = this.#keeping
    if (kind === 'conflict' || kind === 'gone' || !this.#isDirty || this.#saving !== undefined) return
    this.#draft = { ...this.#draft, sending: editor().text }
    void saveFile(slug, editor().text, this.#draft.base, true)
  }

  async #rest(): Promise<void> {
    const { slug } = this.#options
    if ((await this.save()) && !this.#hasSyntaxError) await askForCheck(slug, 'rest')
  }

  async #send(): Promise<boolean> {
    const { slug, editor, onSyntax } = this.#options
    const text = editor().text
    this.#draft = { ...this.#draft, sending: text }
    this.#set({ kind: 'saving' })
    const reply = await saveFile(slug, text, this.#draft.base)
    const { sending, ...rest } = this.#draft
    this.#draft = rest
    switch (reply.kind) {
      case 'saved': {
        this.#rev = Math.max(this.#rev, reply.rev)
        this.#draft = basedOn({ hash: reply.hash, text })
        this.#hasSyntaxError = reply.syntax !== undefined
        onSyntax(reply.syntax)
        const isAll = !this.#isDirty
        this.#set({ kind: isAll ? 'saved' : 'typing' })
        this.#keep()
        return isAll
      }
      case 'conflict':
        // Which may turn out to be none: another page has sent the same text.
        this.#set({ kind: 'typing' })
        this.#saving = undefined
        this.hear(reply.file, reply.rev)
        return false
      case 'problem':
        this.#set(reply)
        return false
      case 'no answer':
        this.#set(reply)
        return false
    }
  }

  #keep(): void {
    const { slug, editor } = this.#options
    const { base, baseText } = this.#draft
    keep(slug, { base, baseText, text: editor().text, editor: editor().snapshot() })
  }

  #set(keeping: Keeping): void {
    this.#keeping = keeping
    this.#options.onKeeping(keeping)
  }
}
