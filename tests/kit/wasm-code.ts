/**
 * Preload of `npm test` (`node --import FILE`): reads the compiled form of large WebAssembly modules
 * that `keep-wasm-code.ts` kept. A hundred processes of a run open a database each, and V8 spends one or
 * two CPU seconds of each on optimising the same functions. V8 refuses code of another version, processor
 * or set of flags; the module is compiled as always then, as it is without kept code.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'

export const wasmCodeFolder = join(import.meta.dirname, '../../node_modules/.cache/wangge-wasm')
export const wasmCodePath = (hash: string): string =>
  join(wasmCodeFolder, `${hash}-${process.version}.bin`)

/** Smaller modules compile at once. */
const minBytes = 1_000_000

const { instantiate } = WebAssembly
/** By the hash of their bytes; null where none is kept. */
const kept = new Map<string, WebAssembly.Module | null>()
/** Every large module that this process compiled, by the hash of its bytes. */
export const compiled = new Map<string, WebAssembly.WebAssemblyInstantiatedSource>()

/**
 * V8 refuses code that was kept under other flags, so these are set at both times. The budget is eight
 * times the usual one: once the frequent functions are optimised, few others are worth it.
 */
const flags = ['--allow-natives-syntax', '--wasm-tiering-budget=100000000']

/** Calls a function of V8's own, which scripts may name only under a flag. */
export function callV8(name: string, ...args: unknown[]): unknown {
  for (const flag of flags) setFlagsFromString(flag)
  try {
    const names = args.map((_, at) => `a${at}`).join()
    return new Function(names, `return %${name}(${names})`)(...args)
  } finally {
    setFlagsFromString('--no-allow-natives-syntax')
  }
}

function readKept(hash: string, bytes: Uint8Array): WebAssembly.Module | null {
  const path = wasmCodePath(hash)
  if (!existsSync(path)) return null
  try {
    const { buffer } = new Uint8Array(readFileSync(path))
    const module = callV8('DeserializeWasmModule', buffer, bytes)
    return module instanceof WebAssembly.Module ? module : null
  } catch {
    // another thread of this process has just taken the flag away
    return null
  }
}

async function instantiateKept(
  source: ArrayBuffer | Uint8Array<ArrayBuffer> | WebAssembly.Module,
  imports?: WebAssembly.Imports,
): Promise<unknown> {
  if (source instanceof WebAssembly.Module) return instantiate(source, imports)
  if (source.byteLength < minBytes) return instantiate(source, imports)
  const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : source
  const hash = createHash('sha1').update(bytes).digest('hex')
  const module = kept.get(hash) ?? readKept(hash, bytes)
  kept.set(hash, module)
  if (module) return { module, instance: await instantiate(module, imports) }
  const made = await instantiate(bytes, imports)
  compiled.set(hash, made)
  return made
}

WebAssembly.instantiate = instantiateKept as typeof instantiate
