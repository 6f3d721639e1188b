/**
 * Builds the app, makes the demo folder, for which several jobs would otherwise ask at once, and keeps
 * the database's compiled code.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildApp } from '../../supabase/server/start/build-app.ts'
import { newDemoDir } from './app-server.ts'
import { wasmCodeFolder } from './wasm-code.ts'

keepWasmCode()
await buildApp('dist', () => undefined)
rmSync(await newDemoDir(), { recursive: true })

/** Once for this Node and these packages; without it everything runs as well, and slower. */
function keepWasmCode(): void {
  const packages = createHash('sha1').update(readFileSync('package-lock.json')).digest('hex')
  const done = join(wasmCodeFolder, `${process.version}-${packages}`)
  if (existsSync(done)) return
  rmSync(wasmCodeFolder, { recursive: true, force: true })
  try {
    execFileSync(process.execPath, ['tests/kit/keep-wasm-code.ts'], { stdio: 'inherit' })
  } catch (error) {
    console.warn(`The database's compiled code could not be kept: ${String(error)}`)
  }
  mkdirSync(wasmCodeFolder, { recursive: true })
  writeFileSync(done, '')
}
