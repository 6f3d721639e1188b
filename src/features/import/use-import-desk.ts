import { computed, onBeforeUnmount, ref, shallowRef } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { importsRepo, type DeskState, type ImportedReport } from '@/data/imports.repo.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** Milliseconds between two questions about work under way. */
const pollMs = 700
/** After a failed one: a restarting server is back soon. */
const retryMs = 3_000

/** Whether the server's state shows that a wish was fulfilled. */
type Sign = (state: DeskState) => boolean

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
  /** Of a wish whose answer was lost: the state tells whether it was fulfilled. */
  const unsure = shallowRef<Sign | null>(null)
  const upload = shallowRef<{ name: string; share: number } | null>(null)
  /** Kept for another try after a lost connection or a restarted server. */
  const chosen = shallowRef<File | null>(null)
  const isSending = ref(false)
  let giveUp: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let isGone = false
  /** Arrival of the file that was looked at unasked. */
  let lookedAt = ''

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
      if (unsure.value?.(next)) failed.value = null
      unsure.value = null
    } catch (error) {
      if (isGone || isAbort(error)) return
      lost.value = toAppError(error)
    }
    const file = state.value?.file
    const isArriving = Boolean(state.value?.receiving) && !upload.value
    if (lost.value && lost.value.kind !== 'forbidden') timer = setTimeout(load, retryMs)
    else if (isRunning.value || isArriving) timer = setTimeout(load, pollMs)
    else if (file?.isOwn && !state.value?.job && !isBusy.value && lookedAt !== file.at) {
      lookedAt = file.at
      await start({ step: 'look' })
    }
  }

  /** @returns whether the server took it, as far as is known */
  async function wish(call: () => Promise<void>, sign: Sign): Promise<boolean> {
    failed.value = null
    unsure.value = null
    isSending.value = true
    try {
      await session.guard(call)
      return true
    } catch (error) {
      if (isAbort(error)) return false
      failed.value = toAppError(error)
      if (failed.value.kind === 'offline') unsure.value = sign
      return false
    } finally {
      upload.value = null
      isSending.value = false
      await load()
    }
  }

  async function send(file: File): Promise<void> {
    const before = state.value?.file?.at
    chosen.value = file
    upload.value = { name: file.name, share: 0 }
    giveUp = new AbortController()
    const { signal } = giveUp
    const progress = (share: number): void => {
      upload.value = { name: file.name, share }
    }
    await wish(
      () => repo().upload(file, progress, signal),
      (next) => next.file?.isOwn === true && next.file.at !== before,
    )
  }
  function start(what: { step: string } & Record<string, unknown>): Promise<boolean> {
    const before = state.value?.job?.startedAt
    return wish(
      () => repo().start(what),
      ({ job }) => job?.isOwn === true && job.startedAt !== before && job.step === what.step,
    )
  }

  /** Half a file is worth nothing: the browser asks before the page is closed. */
  function warn(event: BeforeUnloadEvent): void {
    if (upload.value) event.preventDefault()
  }
  addEventListener('beforeunload', warn)
  onBeforeUnmount(() => {
    isGone = true
    removeEventListener('beforeunload', warn)
    clearTimeout(timer)
    giveUp?.abort()
  })
  if (session.config?.tier !== 'supabase') void load()

  const never: Sign = () => false
  return {
    ...{ state, lost, failed, unsure, upload, chosen, isRunning, isBusy, load, send, start },
    cancelUpload: () => giveUp?.abort(),
    stop: () =>
      wish(
        () => repo().stop(),
        ({ job }) => job?.isStopped === true || !isRunning.value,
      ),
    discard: () =>
      wish(
        () => repo().discard(),
        ({ file }) => file === null,
      ),
    keepMapping: (mapping: { name: string }) =>
      wish(
        () => repo().keepMapping(mapping),
        ({ mappings }) => mappings.some(({ name }) => name === mapping.name),
      ),
    deleteMapping: (name: string) => wish(() => repo().deleteMapping(name), never),
    report: (name: string): Promise<ImportedReport> => session.guard(() => repo().report(name)),
    rejected: (name: string): Promise<Blob> => session.guard(() => repo().rejected(name)),
  }
}
export type ImportDesk = ReturnType<typeof useImportDesk>
