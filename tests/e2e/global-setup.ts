import type { TestProject } from 'vitest/node'
import { findChromium } from '../kit/browser.ts'
import { apiClient, call } from '../kit/api.ts'
import { startAppServer } from '../kit/app-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    appUrl: string
    dataDir: string
    /** Weeks by which the server moved the demo's dates. */
    demoWeeks: number
  }
}

/** One server with the demo city for all flows; the same as `npm start` on a new data folder. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  findChromium()
  const server = await startAppServer()
  project.provide('appUrl', server.url)
  project.provide('dataDir', server.dataDir)
  const leader = await apiClient(server.url, 'leader')
  const { demo } = await call<{ demo: { weeks: number } }>(leader, 'session_context')
  project.provide('demoWeeks', demo.weeks)
  return server.stop
}
