import { useEffect, useRef, useState } from 'preact/hooks'
import type { BenchState, SyntaxProblem } from '../../workbench/protocol.ts'
import type * as EditorModule from '../editor.ts'
import { self } from '../self.ts'
import { Sentence } from '../sentence.tsx'
import { Conflict } from './conflict.tsx'
import { basedOn } from './draft.ts'
import { Explorer } from './explorer.tsx'
import { Keeper, type Keeping } from './keeper.ts'
import { keep, kept as keptFor } from './kept.ts'
import { type Connection, useBench } from './live.ts'
import { askForCheck, request } from './requests.ts'
import { Toolbar } from './toolbar.tsx'
import { Verdict } from './verdict.tsx'
import { Ways } from './ways.tsx'

/** The learner's file in an editor, and below it the verdict and what happened in Redis. */
export function Desk({ slug, nonce }: { readonly slug: string; readonly nonce: string }) {
  const { state, connection } = useBench(slug)
  const [keeping, setKeeping] = useState<Keeping>({ kind: 'saved' })
  const [syntax, setSyntax] = useState<SyntaxProblem>()
  const place = useRef<HTMLDivElement>(null)
  const { bench, isBroken, hasNoText } = useEditor({
    slug,
    nonce,
    state,
    place,
    onKeeping: setKeeping,
    onSyntax: setSyntax,
  })
  const file = state?.file
  const isLocked = file !== undefined && file.kind !== 'text' && file.kind !== 'gone'
  useEffect(() => bench?.editor.lock(isLocked), [bench, isLocked])
  useEffect(() => bench?.editor.mark(syntax?.line), [bench, syntax])
  const goTo = (line: number) => bench?.editor.goTo(line)
  const toEditor = () => bench?.editor.focus()
  const create = useCreate(slug, bench)
  // Before the editor is there, what's on the disk is all there is.
  const check = () => void (bench === undefined ? askForCheck(slug, 'asked') : bench.keeper.check())
  useCheckKey(check)
  return (
    <>
      <Toolbar
        name={state?.name ?? ''}
        slug={slug}
        keeping={hasNoText ? undefined : keeping}
        connection={connection}
        isChecking={state?.checking === true}
        verdict={state?.verdict}
        hasEditor={state?.hasEditor === true}
        line={() => bench?.editor.line ?? 1}
        check={check}
      />
      <Trouble
        state={state}
        keeping={keeping}
        connection={connection}
        hasCode={bench !== undefined}
        create={hasNoText || keeping.kind === 'gone' ? create : undefined}
      />
      {keeping.kind === 'conflict' && (
        <Conflict
          mine={bench?.editor.text ?? ''}
          theirs={keeping.theirs.text}
          choose={(choice) => void bench?.keeper.resolve(choice)}
          toEditor={toEditor}
        />
      )}
      <div class="editor" ref={place}>
        {bench === undefined && !isBroken && !hasNoText && <p class="quiet-text">The editor is loading …</p>}
        {isBroken && (
          <p class="trouble" role="alert">
            The editor didn't load. Reload the page, or use another editor: each save there is checked here.
          </p>
        )}
      </div>
      <p class="quiet-text keys">
        <span class="typed">
          <kbd>Ctrl</kbd> <kbd>S</kbd> checks your code, and so does a pause of three seconds. <kbd>Tab</kbd>{' '}
          indents; to leave the editor, press <kbd>Esc</kbd> and then <kbd>Tab</kbd>.
        </span>
        <span class="touched">A pause of three seconds checks your code.</span>
      </p>
      {syntax !== undefined && (
        <p class="syntax">
          This doesn't parse yet: {syntax.message}{' '}
          <button type="button" class="quiet" onClick={() => goTo(syntax.line)}>
            Line {syntax.line}
          </button>
        </p>
      )}
      <Verdict state={state} slug={slug} goTo={goTo} />
      <Ways slug={slug} save={async () => bench === undefined || bench.keeper.save()} />
      {state?.verdict !== undefined && <Explorer slug={slug} state={state} goTo={goTo} />}
    </>
  )
}

interface Bench {
  readonly editor: EditorModule.Editor
  readonly keeper: Keeper
}

interface EditorPlace {
  readonly slug: string
  readonly nonce: string
  readonly state: BenchState | undefined
  readonly place: { readonly current: HTMLDivElement | null }
  onKeeping(keeping: Keeping): void
  onSyntax(error: SyntaxProblem | undefined): void
}

interface EditorNow {
  readonly bench: Bench | undefined
  /** Its script couldn't be loaded. */
  readonly isBroken: boolean
  /** There's nothing to show in it: the file is gone, say, and this page never had it. */
  readonly hasNoText: boolean
}

/** Creates the file again: with this page's text, or else, as a lesson begins. */
function useCreate(slug: string, bench: Bench | undefined): () => void {
  const hasAsked = useRef(false)
  useEffect(() => {
    if (hasAsked.current) bench?.editor.focus() // the button is gone
  }, [bench])
  return () => {
    if (bench === undefined) {
      hasAsked.current = true
      void request(`/workbench/${slug}/reset`, { method: 'POST' })
      return
    }
    bench.editor.focus()
    void bench.keeper.createAgain()
  }
}

/** Ctrl-S checks from anywhere on the page, or the browser would offer to save the page itself. */
function useCheckKey(check: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isSave = event.key === 's' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey
      // Both editors have already answered theirs.
      if (!isSave || event.defaultPrevented) return
      event.preventDefault()
      check()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [check])
}

/** Opens the editor once there's a file to show, and passes on what happens to that file. */
function useEditor({ slug, nonce, state, place, onKeeping, onSyntax }: EditorPlace): EditorNow {
  const [module, setModule] = useState<typeof EditorModule>()
  const [bench, setBench] = useState<Bench>()
  const [isBroken, setBroken] = useState(false)
  useEffect(() => {
    // By address, so that it isn't part of this bundle: the text comes first.
    const address = '/assets/editor.js'
    import(address).then(setModule, () => setBroken(true))
  }, [])
  const file = state?.file
  useEffect(() => {
    const parent = place.current
    if (module === undefined || state === undefined || file === undefined || parent === null) return
    if (bench !== undefined) return bench.keeper.hear(file, state.rev)
    const before = keptFor(slug)
    if (before === undefined && !('text' in file)) return
    const opened = open(module, parent, before)
    setBench(opened)
    opened.keeper.hear(file, state.rev)
  }, [module, bench, file, state?.rev])

  function open(
    { openEditor }: typeof EditorModule,
    parent: HTMLDivElement,
    before: ReturnType<typeof keptFor>,
  ): Bench {
    const text = before?.text ?? (file !== undefined && 'text' in file ? file.text : '')
    const editor = openEditor({
      parent,
      nonce,
      label: `Your code, ${state?.name}`,
      text,
      kept: before?.editor,
      onChange: () => keeper.changed(),
      onCheck: () => void keeper.check(),
    })
    const hash = file !== undefined && 'hash' in file ? file.hash : ''
    const draft = before ?? basedOn({ hash, text: editor.text })
    const keeper = new Keeper({
      slug,
      draft,
      editor: () => editor,
      keep: (kept) => keep(slug, kept),
      onKeeping,
      onSyntax,
    })
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') keeper.leave()
    })
    window.addEventListener('pagehide', () => keeper.leave())
    // A reload would keep it, but the browser doesn't say which of the two it is.
    window.addEventListener('beforeunload', (event) => keeper.isAtRisk && event.preventDefault())
    return { editor, keeper }
  }

  const hasNoText = module !== undefined && bench === undefined && file !== undefined && !('text' in file)
  return { bench, isBroken, hasNoText }
}

interface TroubleProps {
  readonly state: BenchState | undefined
  readonly keeping: Keeping
  readonly connection: Connection
  /** The learner's code is in the editor, whatever happened to the file. */
  readonly hasCode: boolean
  readonly create: (() => void) | undefined
}

/** Sentences about anything that keeps the page from working, with what to do about it. */
function Trouble({ state, keeping, connection, hasCode, create }: TroubleProps) {
  const file = state?.file
  const ofFile = file !== undefined && 'sentence' in file ? file.sentence : undefined
  const sentence = troubleIn(keeping, connection)
  const isGone = file?.kind === 'gone'
  const remark = file?.kind === 'text' ? file.remark : undefined
  return (
    <div class="troubles">
      <div role="alert">
        {sentence !== undefined && sentence !== ofFile && (
          <p class="trouble">
            <Sentence text={sentence} />
          </p>
        )}
        {ofFile !== undefined && (
          <p class="trouble">
            <Sentence text={ofFile} /> {isGone && hasCode && 'Your code is still on this page. '}
            {isGone && create !== undefined && (
              <button type="button" onClick={create}>
                Create it again
              </button>
            )}
          </p>
        )}
      </div>
      {remark !== undefined && <p class="quiet-text">{remark}</p>}
    </div>
  )
}

function troubleIn(keeping: Keeping, connection: Connection): string | undefined {
  const why = keeping.kind === 'no answer' ? keeping.why : connection
  switch (why) {
    case 'away':
      return `The program no longer responds. Run ${self()} open again. Until then, everything you type is kept on this page.`
    case 'not let in':
      return 'The program was started again. Open the address that it printed, in this browser. Until then, everything you type is kept on this page.'
    default:
      return keeping.kind === 'problem' ? keeping.sentence : undefined
  }
}
