import { defineConfig } from 'vitest/config'

/** `npx vitest` without flags checks the kit and the solutions; `EVENTLINGS_TARGET=starter` looks at the starters. */
const target = process.env.EVENTLINGS_TARGET ?? 'solution'

export default defineConfig({
  resolve: { conditions: [target, 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: [target, 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
