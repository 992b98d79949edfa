import { useState } from 'preact/hooks'
import { Sentence } from '../sentence.tsx'
import { useCommand } from './use-command.ts'

/**
 * Puts what a participant was told on the wall, once the instructor has seen and perhaps changed it: everything else
 * that's shown there comes from the course.
 */
export function ShowOnWall({ text }: { readonly text: string }) {
  const { send, problem } = useCommand()
  const [preview, setPreview] = useState<string | undefined>(undefined)
  if (preview === undefined) {
    return (
      <button type="button" onClick={() => setPreview(text)}>
        Show on the wall …
      </button>
    )
  }
  return (
    <form
      class="preview"
      onSubmit={(event) => {
        event.preventDefault()
        void send({ do: 'show', text: preview }).then((isDone) => isDone && setPreview(undefined))
      }}
    >
      <label>
        On the wall
        <textarea
          rows={3}
          maxLength={600}
          value={preview}
          onInput={(event) => setPreview(event.currentTarget.value)}
        />
      </label>
      <p class="diagnosis">
        <Sentence text={preview} />
      </p>
      <button type="submit">Show it</button>{' '}
      <button type="button" onClick={() => setPreview(undefined)}>
        Cancel
      </button>
      <p class="problem" role="status">
        {problem}
      </p>
    </form>
  )
}
