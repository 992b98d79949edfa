/** Opens the progress in the given folder and records twice, as a user without rights; prints what a program would see. */
import { openProgress } from '../../../src/progress/index.ts'

if (process.getuid?.() === 0) process.seteuid?.(65534)

const progress = openProgress(process.argv[2] ?? '')
await progress.record('LESSON_OPENED', '02-list-store', {})
await progress.record('LESSON_OPENED', '02-list-store', {})
const { writable, notices } = progress
console.log(JSON.stringify({ writable, notices, state: progress.overview().lesson('01-events').state }))
