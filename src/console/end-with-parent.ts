import { Worker } from 'node:worker_threads'

/**
 * Runs in its own thread, because the learner's code may loop forever: a process without a parent has no one to work
 * for.
 */
const WATCH = `
const { workerData } = require('node:worker_threads')
setInterval(() => { try { process.kill(workerData, 0) } catch { process.kill(process.pid, 'SIGKILL') } }, 500)`

// Starts on import: before the learner's file, which may loop while it's loading.
new Worker(WATCH, { eval: true, workerData: process.ppid }).unref()
