import type { TestProject } from 'vitest/node'
import { findPostgres, startCluster } from './cluster.ts'

/**
 * One Postgres for each worker, of which no two share one: an open transaction of one test would hold
 * back the cursors of another. Files that run in a worker one after the other share its Postgres.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const found = findPostgres()
  if (process.env.TEST_DATABASE_URL || 'reason' in found) return async () => undefined
  const workers = Array.from({ length: Number(project.config.maxWorkers) || 1 })
  const clusters = await Promise.all(workers.map(() => startCluster(found.bin)))
  // workers inherit it
  process.env.WANGGE_TEST_CLUSTERS = clusters.map(({ url }) => url).join(' ')
  return async () => {
    delete process.env.WANGGE_TEST_CLUSTERS
    await Promise.all(clusters.map((cluster) => cluster.stop()))
  }
}
