/** What a program sends to a terminal that it has to itself. */
export const clearScreen = '\x1b[H\x1b[2J'
export const hideCursor = '\x1b[?25l'
export const showCursor = '\x1b[?25h'
/** The alternate screen; `leaveScreen` brings back what was there before. */
export const enterScreen = '\x1b[?1049h'
export const leaveScreen = '\x1b[?1049l'
