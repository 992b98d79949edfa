/** Takes the lock of the folder's log, writes half a line, and is killed while holding the lock. */
import { appendFileSync } from 'node:fs'
import { withLock } from '../../../src/common/lock.ts'
import { logFilesIn } from '../../../src/progress/log-files.ts'

const files = logFilesIn(process.argv[2] ?? '')
await withLock(files.lock, () => {
  appendFileSync(files.log, '{"eventId":"8d8ac610-566d-4ef0-')
  process.kill(process.pid, 'SIGKILL')
})
