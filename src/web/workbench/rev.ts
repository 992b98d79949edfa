/** Numbers begin at the clock's time, so that they're higher than those of an earlier start of the program. */
let last = Date.now()

/** A number that's higher than all before it. */
export function nextRev(): number {
  last += 1
  return last
}
