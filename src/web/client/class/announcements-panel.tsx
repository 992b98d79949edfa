import { useState } from 'preact/hooks'
import type { LessonHead, Overview } from '../../../classroom/api.ts'
import { Left } from './clock.tsx'
import { useCommand } from './use-command.ts'

/**
 * What the instructor tells everyone: where the class is, a timer, a message, a break, a solution. Advice, never a
 * lock.
 */
export function AnnouncementsPanel({
  overview,
  ahead,
}: {
  readonly overview: Overview
  readonly ahead: number
}) {
  const { announcements: state } = overview
  const { lessons } = overview.class
  const { send, problem } = useCommand()
  const [minutes, setMinutes] = useState('10')
  const [timed, setTimed] = useState('')
  const [message, setMessage] = useState('')
  const [released, setReleased] = useState('')
  const isBreak = state.pause !== undefined
  const isOut = state.released.includes(released)
  return (
    <section class="announcements-panel" aria-labelledby="announcements">
      <h2 id="announcements">Lead</h2>
      <label class="grow">
        The class is at{' '}
        <select
          value={state.position ?? ''}
          onChange={({ currentTarget: { value } }) => send({ do: 'position', slug: value || undefined })}
        >
          <option value="">(nowhere yet)</option>
          <Lessons of={lessons} />
        </select>
      </label>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void send({ do: 'timer', minutes: Number(minutes), text: timed.trim() || undefined })
        }}
      >
        <label>
          Minutes{' '}
          <input
            type="number"
            min="1"
            max="600"
            required
            value={minutes}
            onInput={(event) => setMinutes(event.currentTarget.value)}
          />
        </label>
        <label>
          for{' '}
          <input
            type="text"
            maxLength={280}
            placeholder="Task 1"
            value={timed}
            onInput={(event) => setTimed(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Start timer</button>
        {state.timer !== undefined && (
          <>
            <span class="quiet-text">
              Timer: <Left until={state.timer.until} ahead={ahead} />
            </span>
            <button type="button" onClick={() => send({ do: 'timer' })}>
              Stop timer
            </button>
          </>
        )}
        <button
          type="button"
          onClick={() =>
            send(isBreak ? { do: 'resume' } : { do: 'pause', minutes: Number(minutes) || undefined })
          }
        >
          {isBreak ? 'End the break' : 'Break'}
        </button>
        {state.pause?.until !== undefined && (
          <span class="quiet-text">
            Break: <Left until={state.pause.until} ahead={ahead} />
          </span>
        )}
      </form>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void send({ do: 'message', text: message.trim() || undefined })
          setMessage('')
        }}
      >
        <label class="grow">
          Message to all{' '}
          <input
            type="text"
            maxLength={280}
            value={message}
            onInput={(event) => setMessage(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={message.trim() === '' && state.message === undefined}>
          {message.trim() === '' && state.message ? 'Withdraw' : 'Send'}
        </button>
      </form>
      {state.message !== undefined && <p class="said">“{state.message.text}”</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (released !== '') void send({ do: isOut ? 'withdraw' : 'release', slug: released })
        }}
      >
        <label class="grow">
          Solution to{' '}
          <select value={released} onChange={(event) => setReleased(event.currentTarget.value)}>
            <option value="">(choose)</option>
            <Lessons of={lessons} />
          </select>
        </label>
        <button type="submit">{isOut ? 'Take back' : 'Release'}</button>
        {state.released.length > 0 && (
          <span class="quiet-text">
            released: {state.released.map((slug) => slug.slice(0, 2)).join(', ')}
          </span>
        )}
      </form>
      {overview.undo !== undefined && (
        <p>
          <button type="button" onClick={() => send({ do: 'undo' })}>
            Undo
          </button>{' '}
          <span class="quiet-text">{overview.undo}</span>
        </p>
      )}
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
