import { useEffect, useState } from 'preact/hooks'
import { type Done, paths } from '../../../classroom/api.ts'
import { post } from '../ask.ts'
import { reloadOtherTabs, reloadWithOtherTabs } from './live.ts'

/**
 * The class's secret, entered once; after that the browser has a cookie. A browser that `class open` started brings a
 * ticket in its address instead.
 */
export function Login() {
  const [secret, setSecret] = useState('')
  const [problem, setProblem] = useState('')
  const logIn = async (given: string) => {
    const reply = await post<Done>(paths.login, { secret: given })
    if (reply.kind === 'problem') return setProblem(reply.sentence)
    reloadOtherTabs()
    location.reload()
  }
  useEffect(reloadWithOtherTabs, [])
  useEffect(() => {
    const ticket = location.hash.slice(1)
    if (ticket === '') return
    history.replaceState(null, '', location.pathname)
    void logIn(ticket)
  }, [])
  return (
    <form
      class="login"
      onSubmit={(event) => {
        event.preventDefault()
        void logIn(secret.trim())
      }}
    >
      <h1>For the instructor</h1>
      <p>
        Run <code>npx eventlings class secret</code> on the machine where the class was opened.
      </p>
      <label>
        Secret{' '}
        <input
          type="password"
          autocomplete="off"
          required
          value={secret}
          onInput={(event) => setSecret(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Open the dashboard</button>
      <p class="problem" role="alert">
        {problem}
      </p>
    </form>
  )
}
