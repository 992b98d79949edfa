import { type Deck, numberInAddress, openDeck } from './deck.ts'
import { mountIslands } from './islands.tsx'
import { type PresenterView, presenterView } from './presenter.ts'
import { focusableScrollers } from './scrollers.ts'

/** What the window on the projector and the presenter's say to each other. */
type Message = { readonly show: number } | { readonly run: true }

const isPresenter = new URLSearchParams(location.search).has('presenter')
const channel = new BroadcastChannel(`slides ${location.pathname}`)
let presenter: PresenterView | undefined

mountIslands()
if (isPresenter) presenter = presenterView()

const place = document.querySelector('#place')
const keysDialog = document.querySelector<HTMLDialogElement>('#keys')
let heard = 0
const deck = openDeck((shown) => {
  if (place) place.textContent = `${shown.at} / ${shown.count}`
  presenter?.show(shown)
  if (heard !== shown.at) send({ show: shown.at })
})

function send(message: Message): void {
  channel.postMessage(message)
}

channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
  if ('run' in data) {
    if (!isPresenter) run(deck)
    return
  }
  heard = data.show
  if (deck.at !== heard) deck.show(heard)
})

function run({ slide }: Deck): void {
  slide.querySelector<HTMLElement>('.run-button')?.click()
}

/** Moves on, and lets a screen reader begin at the slide's title. */
function go(number: number): void {
  heard = 0
  deck.show(number)
  deck.slide.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
}

function openNotes(): void {
  if (isPresenter) window.close()
  else window.open(`${location.pathname}?presenter#${deck.at}`, 'presenter', 'popup,width=1180,height=820')
}

function wholeScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen()
  else void document.documentElement.requestFullscreen().catch(() => {})
}

const actions: Readonly<Record<string, () => void>> = {
  ArrowRight: () => go(deck.at + 1),
  PageDown: () => go(deck.at + 1),
  ' ': () => go(deck.at + 1),
  ArrowLeft: () => go(deck.at - 1),
  PageUp: () => go(deck.at - 1),
  Home: () => go(1),
  End: () => go(deck.count),
  f: wholeScreen,
  n: openNotes,
  r: () => (isPresenter ? send({ run: true }) : run(deck)),
  '?': () => keysDialog?.showModal(),
  Escape: () => deck.slide.querySelector<HTMLElement>('.ran .quiet')?.click(),
}

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || keysDialog?.open) return
  const isOnButton = event.target instanceof Element && event.target.closest('button, a, summary') !== null
  // A space presses the button that has the focus.
  if (event.key === ' ' && isOnButton) return
  const action = actions[event.key]
  if (action === undefined) return
  event.preventDefault()
  action()
})

for (const [id, action] of [
  ['back', () => go(deck.at - 1)],
  ['on', () => go(deck.at + 1)],
  ['ask', () => keysDialog?.showModal()],
] as const) {
  document.querySelector(`#${id}`)?.addEventListener('click', action)
}

focusableScrollers()
deck.show(numberInAddress())
