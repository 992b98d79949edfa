import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/kit/longest-first.ts'
import SkipReporter from './test/kit/skips.ts'

// A company's own certificates cost every process that a test starts 70 ms, and none of them speaks TLS to the outside.
delete process.env.NODE_EXTRA_CA_CERTS

/** `npx vitest` without flags checks the kit and the solutions; `EVENTLINGS_TARGET=starter` looks at the starters instead. */
const target = process.env.EVENTLINGS_TARGET ?? 'solution'
const isBorrowed = process.env.EVENTLINGS_REDIS?.includes('://') === true
const conditions = [target, 'node', 'import', 'module', 'default']

/** The kit that suites import changes the process it's in for good: it guards the network and records all commands. */
const ownProcess = ['test/kit/check/**/*.test.ts', 'test/kit/event-store/**/*.test.ts']

const ofTheProgram = {
  sequence: { groupOrder: 1 }, // after the lessons, which have their own number of workers
  maxWorkers: 3, // Vitest would take one on two cores, and most of these tests wait for other programs
  testTimeout: 60_000,
  hookTimeout: 60_000,
  expect: { poll: { timeout: 30_000 } }, // Vitest's own second isn't enough on a busy machine
} as const

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new SkipReporter()],
    projects: [
      {
        test: {
          ...ofTheProgram,
          name: 'kit',
          include: ['test/kit/**/*.test.ts'],
          exclude: ownProcess,
          isolate: false, // loading the program again for each file would take half of their processor time
        },
      },
      {
        test: {
          ...ofTheProgram,
          name: 'check',
          include: ownProcess,
          exclude: ['test/kit/check/fixture/**'],
        },
      },
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: 'lessons',
          sequence: { groupOrder: 0 },
          include: ['test/lessons/**/*.test.ts'],
          globalSetup: ['src/check/host/plain-vitest.ts'],
          isolate: target !== 'solution', // the solutions leave nothing behind, so they can share a process
          maxWorkers: isBorrowed ? 1 : 2, // each has a Redis of its own, and a borrowed one serves one at a time
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
