import { type Deck, numberInAddress, openDeck } from './deck.ts'
import { mountIslands } from './islands.tsx'
import { type PresenterView, presenterView } from './presenter.ts'
import { focusableScrollers } from './scrollers.ts'

/** What the window on the projector and the presenter's window send each other. */
type Message = { readonly show: number } | { readonly run: true } | { readonly black: boolean }

const isPresenter = new URLSearchParams(location.search).has('presenter')
const channel = new BroadcastChannel(`slides ${location.pathname}`)
let presenter: PresenterView | undefined

mountIslands()
if (isPresenter) presenter = presenterView()

const place = document.querySelector('#place')
const keysDialog = document.querySelector<HTMLDialogElement>('#keys')
const blockedDialog = document.querySelector<HTMLDialogElement>('#blocked')
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
  if ('black' in data) return showBlack(data.black)
  heard = data.show
  if (deck.at !== heard) deck.show(heard)
})

function run({ slide }: Deck): void {
  slide.querySelector<HTMLElement>('.run-button')?.click()
}

/** The projector's window is black, and the presenter's window says so. */
function showBlack(isBlack: boolean): void {
  document.documentElement.classList.toggle('black', isBlack)
  const said = document.querySelector('#black')
  if (said) said.textContent = isBlack ? 'The screen is black. Press b to show the slide again.' : ''
}

function turnBlack(isBlack: boolean): void {
  showBlack(isBlack)
  send({ black: isBlack })
}

function isBlack(): boolean {
  return document.documentElement.classList.contains('black')
}

/** Moves on, and lets a screen reader start at the slide's title. */
function go(number: number): void {
  heard = 0
  if (isBlack()) turnBlack(false)
  deck.show(number)
  deck.slide.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
}

function openNotes(): void {
  if (isPresenter) {
    window.close()
    return
  }
  const address = `${location.pathname}?presenter#${deck.at}`
  const opened = window.open(address, 'presenter', 'popup,width=1180,height=820')
  if (opened === null || opened.closed) blockedDialog?.showModal()
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
  // What clickers send for a black screen.
  b: () => turnBlack(!isBlack()),
  '.': () => turnBlack(!isBlack()),
  r: () => (isPresenter ? send({ run: true }) : run(deck)),
  '?': () => keysDialog?.showModal(),
  Escape: () => deck.slide.querySelector<HTMLElement>('.ran .quiet')?.click(),
}

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (keysDialog?.open || blockedDialog?.open) return
  const isOnButton = event.target instanceof Element && event.target.closest('button, a, summary') !== null
  // A space presses the focused button.
  if (event.key === ' ' && isOnButton) return
  // With caps lock, too.
  const action = actions[event.key] ?? actions[event.key.toLowerCase()]
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
