import { useEffect, useRef, useState } from 'preact/hooks'
import type * as EditorModule from '../editor.ts'
import type { SnippetEditor, SnippetEditorOptions } from '../snippet-editor.ts'

type EditorWishes = Omit<SnippetEditorOptions, 'parent' | 'nonce'>

/** The editor in its place for as long as it's wanted. It's loaded only then, along with the one for the file. */
export function useSnippetEditor(
  isWanted: boolean,
  place: { readonly current: HTMLDivElement | null },
  wishes: EditorWishes,
): { readonly isBroken: boolean } {
  const [isBroken, setBroken] = useState(false)
  const isFirst = useRef(true)
  useEffect(() => {
    // An edit that was kept opens with the page, and isn't what the learner has just asked for.
    const isAsked = !isFirst.current
    isFirst.current = false
    const parent = place.current
    if (!isWanted || parent === null) return
    let editor: SnippetEditor | undefined
    let isOver = false
    const open = ({ openSnippetEditor }: typeof EditorModule) => {
      if (isOver) return
      editor = openSnippetEditor({ parent, nonce: nonceOfPage(), ...wishes })
      if (isAsked) editor.focus()
    }
    const editorAddress = '/assets/editor.js'
    import(editorAddress).then(open, () => setBroken(true))
    return () => {
      isOver = true
      editor?.close()
      setBroken(false)
    }
  }, [isWanted])
  return { isBroken }
}

function nonceOfPage(): string {
  return document.getElementById('bench')?.dataset.nonce ?? ''
}
