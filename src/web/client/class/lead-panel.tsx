import { useState } from 'preact/hooks'
import { type Done, type LeadCommand, type LessonHead, type Overview, paths } from '../../../classroom/api.ts'
import { post } from '../ask.ts'
import { Left } from './clock.tsx'

/**
 * What the instructor tells everyone: where the class is, a timer, a message, a break, a solution. Advice, never a
 * lock.
 */
export function LeadPanel({ overview, ahead }: { readonly overview: Overview; readonly ahead: number }) {
  const { lead } = overview
  const { lessons } = overview.class
  const [problem, setProblem] = useState('')
  const [minutes, setMinutes] = useState('10')
  const [message, setMessage] = useState('')
  const [released, setReleased] = useState('')
  const say = async (command: LeadCommand) => {
    const reply = await post<Done>(paths.lead, command)
    setProblem(reply.kind === 'problem' ? reply.sentence : '')
  }
  const isBreak = lead.pause !== undefined
  return (
    <section class="lead-panel" aria-labelledby="lead">
      <h2 id="lead">Lead</h2>
      <label class="grow">
        The class is at{' '}
        <select
          value={lead.position ?? ''}
          onChange={({ currentTarget: { value } }) => say({ do: 'position', slug: value || undefined })}
        >
          <option value="">(nowhere yet)</option>
          <Lessons of={lessons} />
        </select>
      </label>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void say({ do: 'timer', minutes: Number(minutes) })
        }}
      >
        <label>
          Minutes{' '}
          <input
            type="number"
            min="1"
            max="600"
            value={minutes}
            onInput={(event) => setMinutes(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Start timer</button>
        {lead.timer !== undefined && (
          <>
            <span class="quiet-text">
              Timer: <Left until={lead.timer.until} ahead={ahead} />
            </span>
            <button type="button" onClick={() => say({ do: 'timer' })}>
              Stop timer
            </button>
          </>
        )}
        <button
          type="button"
          onClick={() =>
            say(isBreak ? { do: 'resume' } : { do: 'pause', minutes: Number(minutes) || undefined })
          }
        >
          {isBreak ? 'End the break' : 'Break'}
        </button>
        {lead.pause?.until !== undefined && (
          <span class="quiet-text">
            Break: <Left until={lead.pause.until} ahead={ahead} />
          </span>
        )}
      </form>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void say({ do: 'message', text: message.trim() || undefined })
          setMessage('')
        }}
      >
        <label class="grow">
          Message to all{' '}
          <input
            type="text"
            maxLength={500}
            value={message}
            onInput={(event) => setMessage(event.currentTarget.value)}
          />
        </label>
        <button type="submit">{message.trim() === '' && lead.message ? 'Withdraw' : 'Send'}</button>
      </form>
      {lead.message !== undefined && <p class="said">“{lead.message.text}”</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (released !== '') void say({ do: 'release', slug: released })
        }}
      >
        <label class="grow">
          Solution of{' '}
          <select value={released} onChange={(event) => setReleased(event.currentTarget.value)}>
            <option value="">(choose)</option>
            <Lessons of={lessons.filter(({ slug }) => !lead.released.includes(slug))} />
          </select>
        </label>
        <button type="submit">Release</button>
        {lead.released.length > 0 && (
          <span class="quiet-text">released: {lead.released.map((slug) => slug.slice(0, 2)).join(', ')}</span>
        )}
      </form>
      <p class="problem" role="status">
        {problem}
      </p>
    </section>
  )
}

/** To choose from. */
function Lessons({ of }: { readonly of: readonly LessonHead[] }) {
  return (
    <>
      {of.map(({ slug, number, title }) => (
        <option key={slug} value={slug}>
          {number} {title}
        </option>
      ))}
    </>
  )
}
