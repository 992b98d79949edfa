import { defaultKeymap, history, historyField, historyKeymap, indentWithTab } from '@codemirror/commands'
import { javascript } from '@codemirror/lang-javascript'
import { bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search'
import {
  Annotation,
  Compartment,
  EditorState,
  type Extension,
  StateEffect,
  StateField,
  type TransactionSpec,
} from '@codemirror/state'
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import { cursorBlink, typingOverSelection } from './editor-parts.ts'

export { openSnippetEditor } from './snippet-editor.ts'

export interface EditorOptions {
  readonly parent: HTMLElement
  /** The page's policy allows styles with this one. */
  readonly nonce: string
  /** For screen readers. */
  readonly label: string
  readonly text: string
  /** The result of `snapshot` before the page was reloaded. */
  readonly kept?: unknown
  /** The learner changed something. */
  onChange(): void
  onCheck(): void
}

/** The editor, as far as the page knows it. */
export interface Editor {
  readonly text: string
  /** Replaces the text, and leaves the cursor where it was as far as possible; it can be undone. */
  replace(text: string): void
  /** Puts the cursor at the beginning of a line, from 1. */
  goTo(line: number): void
  focus(): void
  /** The line of the cursor, from 1. */
  readonly line: number
  /** Underlines a line; undefined: none. */
  mark(line: number | undefined): void
  lock(isLocked: boolean): void
  /** The text and what can be undone, for `kept`. */
  snapshot(): unknown
}

/** A change that isn't the learner's. */
const fromOutside = Annotation.define<boolean>()
const marked = StateEffect.define<number | undefined>()
const markedLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lines, { changes, effects, state }) {
    const effect = effects.find((one) => one.is(marked))
    if (effect === undefined) return lines.map(changes)
    const line = effect.value as number | undefined
    if (line === undefined || line < 1 || line > state.doc.lines) return Decoration.none
    return Decoration.set([Decoration.line({ class: 'marked-line' }).range(state.doc.line(line).from)])
  },
  provide: (field) => EditorView.decorations.from(field),
})

const fields = { history: historyField }

export function openEditor(options: EditorOptions): Editor {
  const locked = new Compartment()
  const config = { extensions: [extensions(options), locked.of(EditorState.readOnly.of(false))] }
  const view = new EditorView({
    parent: options.parent,
    state: restored(options, config) ?? EditorState.create({ doc: options.text, ...config }),
  })
  const dispatch = (spec: TransactionSpec) => view.dispatch({ ...spec, annotations: fromOutside.of(true) })
  return {
    get text() {
      return view.state.doc.toString()
    },
    replace(text) {
      dispatch({ changes: smallest(view.state.doc.toString(), text) })
    },
    goTo(line) {
      const { from } = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines))
      view.dispatch({
        selection: { anchor: from },
        effects: EditorView.scrollIntoView(from, { y: 'center' }),
      })
      view.focus()
    },
    focus: () => view.focus(),
    get line() {
      return view.state.doc.lineAt(view.state.selection.main.head).number
    },
    mark(line) {
      dispatch({ effects: marked.of(line) })
    },
    lock(isLocked) {
      dispatch({ effects: locked.reconfigure(EditorState.readOnly.of(isLocked)) })
    },
    snapshot: () => view.state.toJSON(fields),
  }
}

function extensions({ nonce, label, onChange, onCheck }: EditorOptions): Extension {
  const check = () => {
    onCheck()
    return true
  }
  return [
    EditorView.cspNonce.of(nonce),
    EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
    typingOverSelection,
    EditorView.updateListener.of(({ docChanged, transactions }) => {
      if (docChanged && !transactions.every((one) => one.annotation(fromOutside) === true)) onChange()
    }),
    // On a Mac, too, where Mod is Cmd: the page names Ctrl.
    keymap.of(['Mod-s', 'Ctrl-s'].map((key) => ({ key, run: check, preventDefault: true }))),
    history(),
    lineNumbers(),
    drawSelection(cursorBlink()),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    syntaxHighlighting(classHighlighter),
    javascript({ typescript: true }),
    markedLine,
    keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, indentWithTab]),
  ]
}

/** Undefined if there's nothing to restore, or it was kept by another version of the page. */
function restored(
  { kept }: EditorOptions,
  config: { readonly extensions: Extension },
): EditorState | undefined {
  if (kept === undefined) return undefined
  try {
    return EditorState.fromJSON(kept, config, fields)
  } catch {
    return undefined
  }
}

/** The one change that makes `next` of `text`, without what they share at both ends. */
function smallest(text: string, next: string): { from: number; to: number; insert: string } {
  const most = Math.min(text.length, next.length)
  let from = 0
  while (from < most && text[from] === next[from]) from += 1
  let end = 0
  while (end < most - from && text.at(-1 - end) === next.at(-1 - end)) end += 1
  return { from, to: text.length - end, insert: next.slice(from, next.length - end) }
}
