import { fitSlide } from './fit.ts'

/** The slides of a page, one of which is shown. */
export interface Deck {
  readonly count: number
  /** Counted from 1. */
  readonly at: number
  readonly slide: Element
  /** Shows a slide, or the nearest existing one. */
  show(number: number): void
}

const stage = { width: 1280, height: 720 }
const phone = matchMedia('(max-width: 700px)')

export function openDeck(onShow: (deck: Deck) => void): Deck {
  const slides = [...document.querySelectorAll('.slide')]
  const [first] = slides
  if (first === undefined) throw new Error('There are no slides on this page.')
  let at = 1
  const deck: Deck = {
    count: slides.length,
    get at() {
      return at
    },
    get slide() {
      return slides[at - 1] ?? first
    },
    show(number) {
      at = Math.min(slides.length, Math.max(1, Number.isInteger(number) ? number : 1))
      for (const [index, slide] of slides.entries()) {
        slide.classList.toggle('current', index === at - 1)
        slide.classList.toggle('next', index === at)
      }
      history.replaceState(null, '', `#${at}`)
      settle()
      onShow(deck)
    },
  }
  /** Measures again, after the slide or the window has changed. */
  const settle = () => {
    scale()
    if (!phone.matches) fitSlide(deck.slide)
  }
  // Only then are all slides laid out.
  addEventListener('beforeprint', () => {
    document.documentElement.classList.add('printing')
    for (const slide of slides) fitSlide(slide)
  })
  addEventListener('afterprint', () => document.documentElement.classList.remove('printing'))
  addEventListener('resize', settle)
  addEventListener('hashchange', () => deck.show(numberInAddress()))
  return deck
}

export function numberInAddress(): number {
  return Number(location.hash.slice(1) || 1)
}

/** A stage has the same size everywhere and is only scaled, so that lines break where they broke at home. */
function scale(): void {
  for (const [name, place] of [
    ['--scale', document.querySelector('#deck')],
    ['--scale-next', document.querySelector('#side')],
  ] as const) {
    if (place === null) continue
    const { clientWidth, clientHeight } = place
    const factor = Math.min(clientWidth / stage.width, clientHeight / stage.height)
    document.documentElement.style.setProperty(name, factor.toFixed(4))
  }
}
