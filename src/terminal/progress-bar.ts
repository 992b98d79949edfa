import type { Palette } from './palette.ts'
import { marks } from './symbols.ts'
import type { Line } from './text.ts'
import { span } from './text.ts'

/** `██████░░░░ 3 of 5`: a bar of `width` columns and the numbers in words. */
export function progressBar(done: number, total: number, width: number, palette: Palette): Line {
  const share = total <= 0 ? 0 : Math.min(1, Math.max(0, done / total))
  // Neither full before the end nor empty after the start.
  const full = share === 1 ? width : Math.min(width - 1, Math.ceil(share * width))
  const { full: block, empty } = marks(palette)
  return [
    span(block.repeat(Math.max(0, full)), 'green'),
    span(empty.repeat(Math.max(0, width - full)), 'gray'),
    span(` ${done} of ${total}`),
  ]
}
