/** What a program sends to a terminal that it has to itself. */
export const clearScreen = '\x1b[H\x1b[2J'
/** A screen of single keys begins: no cursor, and the terminal marks pasted text as such. */
export const beginKeys = '\x1b[?25l\x1b[?2004h'
export const endKeys = '\x1b[?2004l\x1b[?25h'
/** The same for pasted text alone. */
export const markPastes = '\x1b[?2004h'
export const leavePastes = '\x1b[?2004l'
/** The alternate screen; `leaveScreen` brings back what was there before. */
export const enterScreen = '\x1b[?1049h'
export const leaveScreen = '\x1b[?1049l'
