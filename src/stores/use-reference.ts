import type * as v from 'valibot'
import { shallowRef, watch } from 'vue'
import type { Backend } from '@/data/client.ts'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { KeptReference } from './kept-reference.ts'
import { useSessionStore } from './session.store.ts'

interface ReferenceOptions<T> {
  name: string
  schema: v.GenericSchema<unknown, T>
  empty: T
  fetch(backend: Backend, signal: AbortSignal): Promise<T>
  /** The server's value differs from the kept one. */
  onNew?(): void
  onClear?(): void
}

/**
 * The kept copy serves until the session is verified. Not a Pinia Colada query: it lives with the
 * session and reads the device first.
 */
export function useReference<T>(options: ReferenceOptions<T>) {
  const session = useSessionStore()
  const value = shallowRef<T>(options.empty)
  const error = shallowRef<AppError | null>(null)
  const loaded = shallowRef(false)
  let controller: AbortController | null = null
  let reference: KeptReference | null = null

  const kept = (): KeptReference => (reference ??= new KeptReference(session.config!.instanceId))

  async function load(): Promise<void> {
    controller?.abort()
    controller = new AbortController()
    const { signal } = controller
    error.value = null
    try {
      const before = loaded.value ? null : await kept().read(options.name, options.schema)
      if (signal.aborted) return
      if (before !== null) take(before)
      if (loaded.value && !session.verified) return
      const found = await session.guard(() => options.fetch(session.backend!, signal))
      if (signal.aborted) return
      const isNew = kept().write(options.name, found)
      if (isNew) options.onNew?.()
      if (isNew || !loaded.value) take(found)
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
    }
  }

  function take(found: T): void {
    value.value = found
    loaded.value = true
  }

  function clear(): void {
    controller?.abort()
    value.value = options.empty
    loaded.value = false
    error.value = null
    reference = null
    options.onClear?.()
  }

  watch(
    () => session.scope,
    (scope) => {
      clear()
      if (scope) void load()
    },
    { immediate: true, flush: 'sync' },
  )
  watch(
    () => session.verified,
    (verified) => {
      if (verified && session.scope && loaded.value) void load()
    },
  )
  return { value, loaded, error, load, kept }
}
