import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join, relative, resolve } from 'node:path'

/**
 * Plays the worst disk that POSIX allows. A file's content is kept when the file is synced, a name
 * when the folder it stands in is synced; a rename or a removal counts from then on, too. Nothing
 * else survives a power cut.
 *
 * A disk is a folder: `content/<inode>` is the last synced content of a file, `names/<inode>.json`
 * the last synced names of a folder, `root` the folder that all began with.
 */
export function keepWhatIsSynced(folder: string, disk: string): void {
  const root = resolve(folder)
  const isBelow = (path: string): boolean => !relative(root, path).startsWith('..')
  const { open } = fs.promises
  fs.promises.open = async (path, ...rest) => {
    const file = await open(path, ...rest)
    const at = resolve(String(path))
    if (!isBelow(at)) return file
    for (const name of ['sync', 'datasync'] as const) {
      const sync = file[name].bind(file)
      file[name] = async () => {
        await sync()
        keep(at, disk, root)
      }
    }
    return file
  }
  const paths = new Map<number, string>()
  const { openSync, closeSync } = fs
  fs.openSync = (path, ...rest) => {
    const file = openSync(path, ...rest)
    paths.set(file, resolve(String(path)))
    return file
  }
  fs.closeSync = (file) => {
    paths.delete(file)
    closeSync(file)
  }
  for (const name of ['fsyncSync', 'fdatasyncSync'] as const) {
    const sync = fs[name]
    fs[name] = (file) => {
      sync(file)
      const at = paths.get(file)
      if (at && isBelow(at)) keep(at, disk, root)
    }
  }
  syncBuiltinESMExports()
}

/** Keeps all that is in a folder now, as if everything had been synced. */
export function keepAll(folder: string, disk: string): void {
  const root = resolve(folder)
  keep(root, disk, root)
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() || entry.isDirectory()) keep(join(entry.parentPath, entry.name), disk, root)
  }
}

/** The power goes: the folder holds what the disk kept, and nothing else. */
export function cutPower(folder: string, disk: string): void {
  const root = resolve(folder)
  fs.rmSync(root, { recursive: true, force: true })
  const kept = join(disk, 'root')
  if (fs.existsSync(kept)) putBack(root, fs.readFileSync(kept, 'utf8'), disk)
  fs.rmSync(disk, { recursive: true, force: true })
  copied.clear()
  if (fs.existsSync(root)) keepAll(root, disk)
}

/** The versions of files that were copied by this process, by key: unchanged ones are not copied again. */
const copied = new Map<string, string>()

interface KeptName {
  key: string
  isFolder: boolean
}

/** An inode's number is used again after a removal; its time of birth tells the two apart. */
function keyOf({ ino, birthtimeNs }: fs.BigIntStats): string {
  return `${ino}-${birthtimeNs}`
}

function keep(path: string, disk: string, root: string): void {
  const stats = fs.statSync(path, { bigint: true, throwIfNoEntry: false })
  // written under a name that is gone: no name will lead to it
  if (!stats) return
  for (const part of ['content', 'names']) fs.mkdirSync(join(disk, part), { recursive: true })
  const key = keyOf(stats)
  if (path === root) fs.writeFileSync(join(disk, 'root'), key)
  if (stats.isDirectory()) {
    const names: Record<string, KeptName> = {}
    for (const name of fs.readdirSync(path)) {
      const entry = fs.lstatSync(join(path, name), { bigint: true, throwIfNoEntry: false })
      if (!entry || !(entry.isFile() || entry.isDirectory())) continue
      names[name] = { key: keyOf(entry), isFolder: entry.isDirectory() }
    }
    fs.writeFileSync(join(disk, 'names', `${key}.json`), JSON.stringify(names))
    return
  }
  const version = `${stats.mtimeNs} ${stats.size}`
  if (copied.get(key) === version) return
  fs.copyFileSync(path, join(disk, 'content', key))
  copied.set(key, version)
}

function putBack(path: string, folderKey: string, disk: string): void {
  fs.mkdirSync(path, { mode: 0o700, recursive: true })
  const names = join(disk, 'names', `${folderKey}.json`)
  if (!fs.existsSync(names)) return
  const kept = JSON.parse(fs.readFileSync(names, 'utf8')) as Record<string, KeptName>
  for (const [name, { key, isFolder }] of Object.entries(kept)) {
    const at = join(path, name)
    if (isFolder) {
      putBack(at, key, disk)
      continue
    }
    const content = join(disk, 'content', key)
    // a name that was synced, of a file that never was
    if (fs.existsSync(content)) fs.copyFileSync(content, at)
    else fs.writeFileSync(at, '')
  }
}
