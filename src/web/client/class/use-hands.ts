import { useEffect, useRef } from 'preact/hooks'

const HIGH = 880
const SECONDS = 0.15

/** Shows raised hands in the page's title and, if wanted, plays a quiet sound for each new one. */
export function useHands(hands: number, isAudible: boolean): void {
  const before = useRef(hands)
  const title = useRef(document.title)
  useEffect(() => {
    document.title = hands === 0 ? title.current : `(✋ ${hands}) ${title.current}`
    if (isAudible && hands > before.current) beep()
    before.current = hands
  }, [hands, isAudible])
}

/** The click that switches the sound on plays it, too, because that's what allows the page to play any. */
export function beep(): void {
  try {
    const context = new AudioContext()
    const [tone, volume] = [context.createOscillator(), context.createGain()]
    tone.frequency.value = HIGH
    volume.gain.setValueAtTime(0.08, context.currentTime)
    volume.gain.exponentialRampToValueAtTime(0.001, context.currentTime + SECONDS)
    tone.connect(volume).connect(context.destination)
    tone.start()
    tone.stop(context.currentTime + SECONDS)
    tone.addEventListener('ended', () => void context.close())
  } catch {
    // Without a device that plays sound, the title has to do.
  }
}
