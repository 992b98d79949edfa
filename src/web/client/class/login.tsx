import { useState } from 'preact/hooks'
import { type Done, paths } from '../../../classroom/api.ts'
import { post } from '../ask.ts'

/** The secret from the instructor's terminal, entered once; after that the browser has a cookie. */
export function Login() {
  const [secret, setSecret] = useState('')
  const [problem, setProblem] = useState('')
  const logIn = async () => {
    const reply = await post<Done>(paths.login, { secret: secret.trim() })
    if (reply.kind === 'problem') setProblem(reply.sentence)
    else location.reload()
  }
  return (
    <form
      class="login"
      onSubmit={(event) => {
        event.preventDefault()
        void logIn()
      }}
    >
      <h1>For the instructor</h1>
      <p>The secret is shown in the terminal where the class was opened.</p>
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
