import { cut, type Line, type Palette, type Span, widthOf } from '../terminal/index.ts'

export interface Room {
  readonly width: number
  readonly palette: Palette
}

/** As much of the line as fits: values are long, and a screen full of one value shows nothing else. */
export function fitting(line: Line, { width, palette }: Room): Line {
  const parts: Span[] = []
  let room = width
  for (const part of line) {
    const text = cut(part.text, room, palette)
    parts.push({ ...part, text })
    if (text !== part.text) break
    room -= widthOf(text)
  }
  return parts
}
