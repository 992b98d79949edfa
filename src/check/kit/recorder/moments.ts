let moments = 0
let turns = 0
let isTurnOpen = false

/** The learner's code may replace the global later. */
const afterThisTurn = setImmediate

/** Counts up, so the order of two events is certain even where the clock can't tell them apart. */
export function nextMoment(): number {
  moments += 1
  return moments
}

/** The same number for everything read from the network in one turn of the event loop. */
export function currentTurn(): number {
  if (isTurnOpen) return turns
  isTurnOpen = true
  turns += 1
  afterThisTurn(() => {
    isTurnOpen = false
  })
  return turns
}
