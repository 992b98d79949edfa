/** Takes the lock of the folder's log, writes half a line, and is killed while holding the lock. */
import { appendFileSync } from 'node:fs'
import { withLock } from '../../../src/common/lock.ts'
import { placesIn } from '../../../src/progress/places.ts'

const places = placesIn(process.argv[2] ?? '')
await withLock(places.lock, () => {
  appendFileSync(places.log, '{"eventId":"8d8ac610-566d-4ef0-')
  process.kill(process.pid, 'SIGKILL')
})
