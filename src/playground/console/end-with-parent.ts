import { Worker } from 'node:worker_threads'

/** In a thread of its own, for the learner's code may loop for ever: who has no parent any more has nobody to work for. */
const WATCH = `
const { workerData } = require('node:worker_threads')
setInterval(() => { try { process.kill(workerData, 0) } catch { process.kill(process.pid, 'SIGKILL') } }, 500)`

// Begins by being imported: before the learner's file, which may loop while it is loaded.
new Worker(WATCH, { eval: true, workerData: process.ppid }).unref()
