import { useState } from 'preact/hooks'
import type { Overview, ParticipantRow } from '../../../classroom/api.ts'
import { useCommand } from './use-command.ts'

interface ManageProps {
  readonly row: ParticipantRow
  readonly overview: Overview | undefined
}

/** What the instructor tells one participant, and does about them. */
export function ManageParticipant({ row, overview }: ManageProps) {
  const { send, problem } = useCommand()
  const [text, setText] = useState('')
  const [name, setName] = useState('')
  const [into, setInto] = useState('')
  const others = overview?.participants.filter(({ id }) => id !== row.id) ?? []
  return (
    <section class="manage" aria-labelledby="manage">
      <h2 id="manage">Only for them</h2>
      <form
        class="manage-row"
        onSubmit={(event) => {
          event.preventDefault()
          void send({ do: 'message', to: row.id, text: text.trim() || undefined })
          setText('')
        }}
      >
        <label class="grow">
          Message{' '}
          <input
            type="text"
            maxLength={280}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={text.trim() === '' && row.note === undefined}>
          {text.trim() === '' && row.note ? 'Withdraw' : 'Send'}
        </button>
      </form>
      {row.note !== undefined && <p class="said">“{row.note.text}”</p>}
      <details>
        <summary>Rename, merge, or remove</summary>
        <form
          class="manage-row"
          onSubmit={(event) => {
            event.preventDefault()
            if (name.trim() !== '') void send({ do: 'rename', participant: row.id, name })
            setName('')
          }}
        >
          <label>
            New name{' '}
            <input
              type="text"
              maxLength={40}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <button type="submit">Rename</button>
        </form>
        <form
          class="manage-row"
          onSubmit={(event) => {
            event.preventDefault()
            if (into !== '') void goTo(into, send({ do: 'merge', participant: row.id, into }))
          }}
        >
          <label>
            The same person as{' '}
            <select value={into} onChange={(event) => setInto(event.currentTarget.value)}>
              <option value="">(choose)</option>
              {others.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <button type="submit">Merge</button>
        </form>
        <p class="manage-row">
          <button type="button" onClick={() => goTo('', send({ do: 'remove', participant: row.id }))}>
            Remove {row.label}
          </button>
          <span class="quiet-text">
            "Manage the class" on the dashboard brings them back within ten minutes.
          </span>
        </p>
      </details>
      <p class="problem" role="status">
        {problem}
      </p>
    </section>
  )
}

/** This participant's page shows nothing anymore: on to another's, or to the dashboard. */
async function goTo(participant: string, isDone: Promise<boolean>): Promise<void> {
  if (!(await isDone)) return
  location.href = participant === '' ? '/instructor' : `/instructor/participants/${participant}`
}
