import { render } from 'preact'
import { Dashboard } from './class/dashboard.tsx'
import { Login } from './class/login.tsx'
import { Participant } from './class/participant.tsx'
import { Projector } from './class/projector.tsx'
import { mountIslands } from './islands.tsx'

mountIslands()
tellHowToJoin()

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

/** Who came by the QR code brings the join code behind the #, and gets the command ready to be typed. */
function tellHowToJoin(): void {
  const command = document.getElementById('join-command')
  const code = /^#([A-Z0-9]{4,12})$/.exec(location.hash)?.[1]
  if (command === null) return
  command.textContent = `npx eventlings class join ${location.origin} --code ${code ?? 'CODE'} --as NAME`
}
