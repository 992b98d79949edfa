import { render } from 'preact'
import { Dashboard } from './class/dashboard.tsx'
import { Login } from './class/login.tsx'
import { Participant } from './class/participant.tsx'
import { Projector } from './class/projector.tsx'
import { mountIslands } from './islands.tsx'

mountIslands()

const place = document.getElementById('class')
if (place !== null) render(<Page />, place)

function Page() {
  const { view, participant = '' } = place?.dataset ?? {}
  switch (view) {
    case 'projector':
      return <Projector />
    case 'participant':
      return <Participant id={participant} />
    case 'login':
      return <Login />
    default:
      return <Dashboard />
  }
}
