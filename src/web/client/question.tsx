import { useState } from 'preact/hooks'
import type { AnswerView, IslandProps, QuizReply } from '../protocol.ts'
import { post } from './ask.ts'
import { Html } from './html.tsx'
import { unfold } from './unfold.ts'

/**
 * One question, of the quiz or above a snippet. The server reveals which answer is right, and why, once one was
 * given.
 */
export function Question(props: IslandProps['question']) {
  const { id, address, title, more, answers, several, snippet, before } = props
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [reply, setReply] = useState<QuizReply>()
  const explained = reply?.kind === 'answered' ? reply.answers : undefined
  const choose = (index: number) => {
    const others = several ? [...chosen].filter((one) => one !== index) : []
    setChosen(new Set(several && chosen.has(index) ? others : [...others, index]))
  }
  const send = async (event: Event) => {
    event.preventDefault()
    if (chosen.size === 0) {
      setReply({ kind: 'problem', sentence: 'Choose an answer first.' })
      return
    }
    const reply = await post<QuizReply>(address, { chosen: [...chosen] })
    setReply(reply)
    if (reply.kind === 'answered') unfold(snippet)
  }
  return (
    <form
      class={snippet === undefined ? 'question' : 'question at-snippet'}
      onSubmit={send}
      aria-labelledby={id}
    >
      {snippet !== undefined && <p class="label">Before you run snippet {snippet}</p>}
      {snippet === undefined ? (
        <h3 id={id}>
          <Html of={title} as="span" />
        </h3>
      ) : (
        <p id={id} class="asked">
          <Html of={title} as="span" />
        </p>
      )}
      {more !== '' && <Html of={more} />}
      {several && <p class="quiet-text">Several answers may be right.</p>}
      <fieldset class="answers" aria-labelledby={id}>
        {answers.map((text, index) => (
          <div key={text} class={`answer ${lookOf(explained?.[index])}`}>
            <label>
              <input
                type={several ? 'checkbox' : 'radio'}
                name={id}
                checked={chosen.has(index)}
                onChange={() => choose(index)}
              />{' '}
              <Html of={text} as="span" />
            </label>
            {explained?.[index] && <Explanation of={explained[index]} />}
          </div>
        ))}
      </fieldset>
      <div class="send">
        <button type="submit">Answer</button>
        <p role="status">{statusOf(reply, before)}</p>
      </div>
    </form>
  )
}

function Explanation({ of }: { readonly of: AnswerView }) {
  return (
    <div class="explanation">
      <strong>{of.right ? '✓ Right.' : '✗ Wrong.'}</strong> <Html of={of.explanation} />
    </div>
  )
}

function lookOf(answer: AnswerView | undefined): string {
  if (answer === undefined) return ''
  return answer.right ? 'is-right' : answer.chosen ? 'is-wrong' : ''
}

function statusOf(reply: QuizReply | undefined, before: IslandProps['question']['before']): string {
  if (reply === undefined) return before === undefined ? '' : `Your last answer was ${before}.`
  if (reply.kind === 'problem') return reply.sentence
  return reply.right ? '✓ Right.' : '✗ Not quite. Each answer shows its reason.'
}
