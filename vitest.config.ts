import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { patient, patientTest } from './tests/kit/patience.ts'

const alias = { '@': fileURLToPath(new URL('./src', import.meta.url)) }

/**
 * `unit`: pure code and stores, beside their sources. `sql`: migrations, policies and functions on
 * PGlite and a native Postgres. `server`: the embedded server. `architecture`: boundaries, locales.
 * `faults`: the outbox against a server, through a network that fails. `e2e`: flows in a real Chromium against the real server.
 */
export default defineConfig({
  plugins: [vue()],
  resolve: { alias },
  test: {
    setupFiles: ['tests/kit/patient-waits.ts'],
    expect: { poll: { timeout: patient(10_000) } },
    // a run tells failures by their first lines: a list of problems is told whole
    chaiConfig: { truncateThreshold: 2000 },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          exclude: ['src/**/*.browser.test.ts'],
          testTimeout: patientTest(20_000),
          // start faster than processes
          pool: 'threads',
        },
      },
      {
        extends: true,
        test: {
          name: 'sql',
          include: ['supabase/tests/**/*.test.ts'],
          globalSetup: ['supabase/tests/harness/global-setup.ts'],
          testTimeout: patientTest(120_000),
          hookTimeout: patientTest(300_000),
          maxWorkers: 2,
          // each file makes databases of its own; loading PGlite anew for each took half of the time
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'server',
          include: ['supabase/{server,functions}/**/*.test.ts'],
          testTimeout: patientTest(120_000),
          hookTimeout: patientTest(300_000),
          maxWorkers: 2,
          // each file has folders and servers of its own, and need not load their code anew
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'architecture',
          include: ['tests/architecture/**/*.test.ts'],
          testTimeout: patientTest(120_000),
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          globalSetup: ['tests/e2e/global-setup.ts'],
          testTimeout: patientTest(1_200_000),
          hookTimeout: patientTest(300_000),
          // the runs start and kill servers: one after the other
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          globalSetup: ['tests/e2e/global-setup.ts'],
          setupFiles: ['tests/e2e/tell-pages.ts'],
          testTimeout: patientTest(300_000),
          hookTimeout: patientTest(300_000),
          // a page under load answers late, and what is polled for may take its time
          expect: { poll: { timeout: patient(30_000), interval: 100 } },
          // one browser at a time: the machines have two cores
          fileParallelism: false,
          // each file has a browser of its own; loading its driver anew took 3 CPU seconds a file
          isolate: false,
        },
      },
    ],
  },
})
