import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { javascript } from '@codemirror/lang-javascript'
import { bracketMatching, syntaxHighlighting } from '@codemirror/language'
import { drawSelection, EditorView, keymap } from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import { cursorBlink, typingOverSelection } from './editor-parts.ts'

export interface SnippetEditorOptions {
  readonly parent: HTMLElement
  /** The page's policy allows styles with this one. */
  readonly nonce: string
  /** For screen readers. */
  readonly label: string
  readonly text: string
  readonly kind: 'ts' | 'redis'
  onChange(text: string): void
  onRun(): void
}

export interface SnippetEditor {
  focus(): void
  close(): void
}

/** A small editor for a snippet. Tab leaves it, because it's on the way through the text. */
export function openSnippetEditor(options: SnippetEditorOptions): SnippetEditor {
  const { parent, nonce, label, text, kind, onChange, onRun } = options
  const run = () => {
    onRun()
    return true
  }
  const view = new EditorView({
    parent,
    doc: text,
    extensions: [
      EditorView.cspNonce.of(nonce),
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
      typingOverSelection,
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) onChange(state.doc.toString())
      }),
      // Ctrl-S, too, because otherwise the browser would offer to save the page.
      keymap.of(
        ['Mod-Enter', 'Ctrl-Enter', 'Mod-s', 'Ctrl-s'].map((key) => ({ key, run, preventDefault: true })),
      ),
      history(),
      drawSelection(cursorBlink()),
      bracketMatching(),
      syntaxHighlighting(classHighlighter),
      kind === 'ts' ? javascript({ typescript: true }) : [],
      keymap.of([...defaultKeymap, ...historyKeymap]),
    ],
  })
  return { focus: () => view.focus(), close: () => view.destroy() }
}
