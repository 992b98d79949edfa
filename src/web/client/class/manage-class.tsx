import { useState } from 'preact/hooks'
import { type Done, type Overview, paths } from '../../../classroom/api.ts'
import { post } from '../ask.ts'
import { reloadOtherTabs } from './live.ts'
import { useCommand } from './use-command.ts'

/** Whatever is typed, it has to be a time. */
const MOST_MINUTES = 600

/** What the instructor does with the class as a whole, and not every minute: folded away. */
export function ManageClass({ overview, ahead }: { readonly overview: Overview; readonly ahead: number }) {
  const { send, problem } = useCommand()
  const [minutes, setMinutes] = useState('5')
  const { closedAt } = overview.class
  const { removed = [] } = overview
  // For as long as the page is open, the number may grow while someone looks at it.
  const ago = Math.min(Math.max(Number(minutes) || 0, 0), MOST_MINUTES)
  const since = new Date(Date.now() + ahead - ago * 60_000).toISOString()
  const joined = overview.participants.filter(({ joinedAt }) => joinedAt >= since).length
  return (
    <details class="manage">
      <summary>Manage the class</summary>
      <div class="manage-row">
        <button type="button" onClick={() => send({ do: 'new code' })}>
          New join code
        </button>
        <a href={paths.exportCsv} download>
          Export as CSV
        </a>
        <button type="button" onClick={() => send({ do: closedAt === undefined ? 'close' : 'reopen' })}>
          {closedAt === undefined ? 'Close the class' : 'Reopen the class'}
        </button>
        <button type="button" onClick={() => void logOut()}>
          Log out
        </button>
        <button type="button" onClick={() => send({ do: 'log out' })}>
          Log out everywhere
        </button>
      </div>
      <form
        class="manage-row"
        onSubmit={(event) => {
          event.preventDefault()
          void send({ do: 'remove since', since })
        }}
      >
        <label>
          Joined in the last{' '}
          <input
            type="number"
            min="1"
            max={MOST_MINUTES}
            required
            value={minutes}
            onInput={(event) => setMinutes(event.currentTarget.value)}
          />{' '}
          minutes: {joined}
        </label>
        <button type="submit" disabled={joined === 0}>
          Remove them
        </button>
        <span class="quiet-text">Undo brings them back within ten minutes.</span>
      </form>
      {removed.length > 0 && (
        <p class="manage-row">
          Removed:
          {removed.map(({ id, name, number }) => (
            <button key={id} type="button" onClick={() => send({ do: 'restore', participant: id })}>
              Bring back {name}
              {removed.filter((one) => one.name === name).length > 1 && ` (#${number})`}
            </button>
          ))}
        </p>
      )}
      <p class="problem" role="status">
        {problem}
      </p>
    </details>
  )
}

async function logOut(): Promise<void> {
  await post<Done>(paths.logout, {})
  reloadOtherTabs()
  location.reload()
}
