/** The learner's code may replace the globals later. */
const now = performance.now.bind(performance)
const timeOfDay = Date.now.bind(Date)

let began = now()
let beganAt = timeOfDay()

export function startTestClock(): void {
  began = now()
  beganAt = timeOfDay()
}

/** When the test began, as the time of day. */
export function timeOfTest(): number {
  return beganAt
}

/** Milliseconds since the test began. */
export function sinceTestBegan(at: number): number {
  return at - began
}
