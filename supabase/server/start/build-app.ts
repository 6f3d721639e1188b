import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ServerError } from '../base/errors.ts'
import { writeDurably } from '../base/files.ts'
import { projectRoot } from '../base/settings.ts'
import { compressBody } from '../wire/compress.ts'

const sources = ['src', 'public', 'index.html', 'vite.config.ts', 'package-lock.json']

/**
 * Builds unless `distDir` has these sources; calls `onBuild` first. The earlier app is served until
 * the new one is whole, and stays when the build fails. Throws `ServerError`.
 * @param build fills a new folder
 */
export async function buildApp(
  distDir: string,
  onBuild: () => void,
  build: (folder: string) => Promise<void> = runVite,
): Promise<void> {
  const stampPath = join(distDir, '.sources')
  const stamp = sourcesHash()
  const isFresh =
    existsSync(join(distDir, 'index.html')) &&
    existsSync(stampPath) &&
    readFileSync(stampPath, 'utf8') === stamp
  if (isFresh) return
  onBuild()
  // one a process: two that start at once do not build into each other's folder
  const [next, before] = [`${distDir}.next-${process.pid}`, `${distDir}.before-${process.pid}`]
  try {
    await build(next)
    await compressAssets(join(next, 'assets'))
    writeDurably(join(next, '.sources'), stamp)
    if (existsSync(distDir)) renameSync(distDir, before)
    renameSync(next, distDir)
  } finally {
    for (const folder of [next, before]) rmSync(folder, { recursive: true, force: true })
  }
}

/** As `StaticFiles` sends them: else the first to open a page after a start waits for it. */
async function compressAssets(folder: string): Promise<void> {
  const files = existsSync(folder) ? readdirSync(folder) : []
  const texts = files.filter((name) => /\.(m?js|css|svg)$/.test(name))
  await Promise.all(
    texts.map(async (name) => {
      const { body, encoding } = await compressBody(await readFile(join(folder, name)), 'br', true)
      if (encoding) await writeFile(join(folder, `${name}.br`), body)
    }),
  )
}

function sourcesHash(): string {
  const hash = createHash('sha256')
  const visit = (path: string) => {
    const full = join(projectRoot, path)
    if (!existsSync(full)) return
    if (statSync(full).isDirectory()) {
      for (const name of readdirSync(full).sort()) visit(`${path}/${name}`)
      return
    }
    if (path.endsWith('.test.ts')) return
    hash.update(`${path}\0`).update(readFileSync(full)).update('\0')
  }
  for (const source of sources) visit(source)
  return hash.digest('hex')
}

function runVite(folder: string): Promise<void> {
  const vite = join(projectRoot, 'node_modules/vite/bin/vite.js')
  const child = spawn(process.execPath, [vite, 'build', '--outDir', folder, '--emptyOutDir'], {
    cwd: projectRoot,
    // A development build is larger and slower.
    env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // stopping the server must not leave a build running, nor half of one
  const kill = () => {
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', kill)
  let output = ''
  const keepEnd = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-4000)
  }
  child.stdout.on('data', keepEnd)
  child.stderr.on('data', keepEnd)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      process.removeListener('exit', kill)
      if (code === 0) resolve()
      else reject(new ServerError(`The app could not be built:\n${output.trim()}`))
    })
  })
}
