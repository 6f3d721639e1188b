import { computed, onBeforeUnmount, ref, shallowRef } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { importsRepo, type DeskState, type ImportedReport } from '@/data/imports.repo.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** Milliseconds between two questions about work under way. */
const pollMs = 700
/** After a failed one: a restarting server is back soon. */
const retryMs = 3_000

/**
 * The server's desk of imports: its state, the upload of a file and the work on it. Asks on its own
 * while something is under way.
 */
export function useImportDesk() {
  const session = useSessionStore()
  const state = shallowRef<DeskState | null>(null)
  /** Of the last question about the state. */
  const lost = shallowRef<AppError | null>(null)
  /** Of what a person wished. */
  const failed = shallowRef<AppError | null>(null)
  const upload = shallowRef<{ name: string; share: number } | null>(null)
  /** Kept for another try after a lost connection or a restarted server. */
  const chosen = shallowRef<File | null>(null)
  const isSending = ref(false)
  let giveUp: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let isGone = false

  const repo = () => importsRepo(session.backend!)
  const isRunning = computed(() => state.value?.job != null && state.value.job.endedAt === null)
  const isBusy = computed(() => isRunning.value || upload.value !== null || isSending.value)

  async function load(): Promise<void> {
    clearTimeout(timer)
    try {
      const next = await session.guard(() => repo().state())
      if (isGone) return
      state.value = next
      lost.value = null
    } catch (error) {
      if (isGone || isAbort(error)) return
      lost.value = toAppError(error)
    }
    const isOwnUpload = upload.value !== null
    if (lost.value && lost.value.kind !== 'forbidden') timer = setTimeout(load, retryMs)
    else if (isRunning.value || (state.value?.isReceiving && !isOwnUpload))
      timer = setTimeout(load, pollMs)
  }

  /** @returns whether the server took it */
  async function wish(call: () => Promise<void>): Promise<boolean> {
    failed.value = null
    isSending.value = true
    try {
      await session.guard(call)
      return true
    } catch (error) {
      if (!isAbort(error)) failed.value = toAppError(error)
      return false
    } finally {
      isSending.value = false
      await load()
    }
  }

  async function send(file: File): Promise<void> {
    chosen.value = file
    failed.value = null
    upload.value = { name: file.name, share: 0 }
    giveUp = new AbortController()
    const { signal } = giveUp
    const isKept = await wish(() =>
      repo().upload(file, (share) => (upload.value = { name: file.name, share }), signal),
    )
    upload.value = null
    if (isKept) await start({ step: 'look' })
  }
  const start = (what: object): Promise<boolean> => wish(() => repo().start(what))

  onBeforeUnmount(() => {
    isGone = true
    clearTimeout(timer)
    giveUp?.abort()
  })
  if (session.config?.tier !== 'supabase') void load()

  return {
    ...{ state, lost, failed, upload, chosen, isRunning, isBusy, load, send, start },
    cancelUpload: () => giveUp?.abort(),
    stop: () => wish(() => repo().stop()),
    discard: () => wish(() => repo().discard()),
    keepMapping: (mapping: object) => wish(() => repo().keepMapping(mapping)),
    deleteMapping: (name: string) => wish(() => repo().deleteMapping(name)),
    report: (name: string): Promise<ImportedReport> => session.guard(() => repo().report(name)),
    rejected: (name: string): Promise<Blob> => session.guard(() => repo().rejected(name)),
  }
}
export type ImportDesk = ReturnType<typeof useImportDesk>
