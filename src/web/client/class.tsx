import { render } from 'preact'
import type { ClassView } from '../protocol.ts'
import { Dashboard } from './class/dashboard.tsx'
import { Login } from './class/login.tsx'
import { Participant } from './class/participant.tsx'
import { Projector } from './class/projector.tsx'
import { mountIslands } from './islands.tsx'

mountIslands()
tellHowToJoin()

const place = document.getElementById('class')
if (place !== null) {
  const { view, participant = '' } = place.dataset
  // Our own server wrote it, from that type.
  render(<Page view={view as ClassView} participant={participant} />, place)
}

function Page({ view, participant }: { readonly view: ClassView; readonly participant: string }) {
  switch (view) {
    case 'dashboard':
      return <Dashboard />
    case 'projector':
      return <Projector />
    case 'participant':
      return <Participant id={participant} />
    case 'login':
      return <Login />
  }
}

/** The QR code's address has the join code after the #, which completes the command to type. */
function tellHowToJoin(): void {
  const command = document.getElementById('join-command')
  const code = /^#([A-Z0-9]{4,12})$/.exec(location.hash)?.[1]
  if (command === null) return
  command.textContent = `npx eventlings class join ${location.origin} --code ${code ?? 'CODE'} --as NAME`
}
