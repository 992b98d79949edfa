import type { ComponentChildren, RefObject } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { ResetReply, SolutionReply } from '../../workbench/protocol.ts'
import { useFocusAfter } from '../focus-after.ts'
import { Html } from '../html.tsx'
import { isAnswer, request } from './requests.ts'

type Shown = Extract<SolutionReply, { kind: 'solution' }>
type Asked = 'solution' | 'reset'

interface WaysProps {
  readonly slug: string
  /** Saves what's in the editor; resolves to whether the file has all of it. */
  save(): Promise<boolean>
}

/** Two ways out for a learner who is stuck: one good answer, or the starter again. Both ask first. */
export function Ways({ slug, save }: WaysProps) {
  const [asked, setAsked] = useState<Asked>()
  const [solution, setSolution] = useState<Pick<Shown, 'html' | 'others'>>()
  const [said, setSaid] = useState('')
  const post = <Reply,>(what: string) => request<Reply>(`/workbench/${slug}/${what}`, { method: 'POST' })
  const show = async (sure: 'yes' | 'no') => {
    const reply = await post<SolutionReply>(`solution?sure=${sure}`)
    if (!isAnswer(reply)) return
    setAsked(reply.kind === 'asks' ? 'solution' : undefined)
    if (reply.kind === 'solution') setSolution(reply)
    setSaid(reply.kind === 'problem' ? reply.sentence : '')
  }
  const reset = async () => {
    // The old file is kept, so everything typed has to be in it.
    if (!(await save())) {
      setSaid("Your code couldn't be saved, so nothing was changed.")
      return
    }
    const reply = await post<ResetReply>('reset')
    if (!isAnswer(reply)) return
    setAsked(undefined)
    if (reply.kind === 'problem') setSaid(reply.sentence)
    else
      setSaid(
        reply.keptAs === undefined ? 'Started over.' : `Started over. Your old answer is ${reply.keptAs}.`,
      )
  }
  const no = () => setAsked(undefined)
  const [toSolution, toReset] = [useRef<HTMLButtonElement>(null), useRef<HTMLButtonElement>(null)]
  return (
    <div class="ways">
      <button
        ref={toSolution}
        type="button"
        onClick={() => (solution === undefined ? void show('no') : setSolution(undefined))}
      >
        {solution === undefined ? 'Show the solution' : 'Hide the solution'}
      </button>
      <button ref={toReset} type="button" onClick={() => setAsked('reset')}>
        Start over
      </button>
      <div role="status">
        {asked === 'solution' && (
          <Question
            no={no}
            asker={toSolution}
            text='Show the solution? A pass after this counts as "passed after the solution."'
          >
            <button type="button" onClick={() => void show('yes')}>
              Yes, show it
            </button>
          </Question>
        )}
        {asked === 'reset' && (
          <Question no={no} asker={toReset} text="Start over? Your file is kept under a dated name.">
            <button type="button" onClick={() => void reset()}>
              Yes, start over
            </button>
          </Question>
        )}
        {said !== '' && <p>{said}</p>}
      </div>
      {solution !== undefined && (
        <div class="solution">
          <pre>
            <code>
              <Html of={solution.html} as="span" />
            </code>
          </pre>
          {solution.others !== '' && <Html of={solution.others} as="div" />}
        </div>
      )}
    </div>
  )
}

interface QuestionProps {
  readonly text: string
  /** The button that asked, which has the focus again afterward. */
  readonly asker: RefObject<HTMLButtonElement | null>
  /** The button that means yes. */
  readonly children: ComponentChildren
  no(): void
}

function Question({ text, asker, children, no }: QuestionProps) {
  const part = useFocusAfter<HTMLParagraphElement>(() => asker.current?.focus())
  return (
    <p class="trouble" ref={part}>
      {text} {children}{' '}
      <button type="button" onClick={no}>
        No
      </button>
    </p>
  )
}
