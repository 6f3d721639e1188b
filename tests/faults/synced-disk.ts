import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join, relative } from 'node:path'

/**
 * Plays a disk that keeps nothing but what was synced: whatever this process syncs below `folder` is
 * copied below `disk`, and nothing else is. A folder that is synced loses there what it lost here.
 */
export function keepWhatIsSynced(folder: string, disk: string): void {
  const { open } = fs.promises
  fs.promises.open = async (path, ...rest) => {
    const file = await open(path, ...rest)
    const at = relative(folder, String(path))
    if (at.startsWith('..')) return file
    const sync = file.sync.bind(file)
    file.sync = async () => {
      await sync()
      keep(String(path), join(disk, at))
    }
    return file
  }
  syncBuiltinESMExports()
}

function keep(path: string, kept: string): void {
  if (!fs.statSync(path).isDirectory()) {
    fs.mkdirSync(dirname(kept), { recursive: true })
    fs.copyFileSync(path, kept)
    return
  }
  fs.mkdirSync(kept, { recursive: true })
  const present = new Set(fs.readdirSync(path))
  for (const name of fs.readdirSync(kept))
    if (!present.has(name)) fs.rmSync(join(kept, name), { recursive: true })
}
