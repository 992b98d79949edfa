import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { InstructorCommand } from '../../../classroom/api.ts'
import { useCommand } from './use-command.ts'

interface ReviewOnWallProps {
  readonly command: InstructorCommand
  /** What the button says. */
  readonly label: string
  /** As the wall shows it. */
  readonly preview: ComponentChildren
  readonly children: ComponentChildren
}

/**
 * Something of a participant, and a button that puts it on the wall for everyone to review, once the instructor has
 * seen it as the wall shows it: without a name, unless what they wrote has one.
 */
export function ReviewOnWall({ command, label, preview, children }: ReviewOnWallProps) {
  const { send, problem } = useCommand()
  const [isPreview, setPreview] = useState(false)
  if (!isPreview) {
    return (
      <>
        {children}
        <p class="step">
          <button type="button" onClick={() => setPreview(true)}>
            {label} …
          </button>
        </p>
      </>
    )
  }
  const show = async () => {
    if (await send(command)) setPreview(false)
  }
  return (
    <section class="preview" aria-labelledby="preview">
      <h3 id="preview">On the wall, without a name</h3>
      <p class="quiet-text">Does anything in it give away who wrote it?</p>
      {preview}
      <p class="step">
        <button type="button" onClick={show}>
          Show it
        </button>{' '}
        <button type="button" onClick={() => setPreview(false)}>
          Cancel
        </button>
      </p>
      <p class="problem" role="status">
        {problem}
      </p>
    </section>
  )
}
