import { EditorView } from '@codemirror/view'

/**
 * Chromium would keep the look of the text that's replaced in a style attribute, which the page's policy forbids, and
 * complain in the console.
 */
export const typingOverSelection = EditorView.domEventHandlers({
  beforeinput({ inputType, data, isComposing }, view) {
    if (inputType !== 'insertText' || data === null || isComposing || view.state.readOnly) return false
    if (view.state.selection.main.empty) return false
    view.dispatch(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true })
    return true
  },
})

/** A cursor that doesn't blink for those who don't want motion. */
export function cursorBlink(): { readonly cursorBlinkRate?: number } {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? { cursorBlinkRate: 0 } : {}
}
