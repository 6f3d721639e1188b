import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../base/files.ts'

export interface Snapshot {
  path: string
  /** Begins after the snapshot. */
  segment: number
}

/** Oldest first. */
export function listSnapshots(dataDir: string): Snapshot[] {
  const folder = join(dataDir, 'snapshots')
  makeFolder(folder)
  return readdirSync(folder)
    .map((file) => ({ file, match: /^.+-(\d{8})\.tar\.zst$/.exec(file) }))
    .filter(({ match }) => match !== null)
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .map(({ file, match }) => ({ path: join(folder, file), segment: Number(match![1]) }))
}

export function firstSegmentToReplay(dataDir: string): number {
  return listSnapshots(dataDir).at(-1)?.segment ?? 0
}
