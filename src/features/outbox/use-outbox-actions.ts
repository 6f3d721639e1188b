import { ref, type Ref } from 'vue'
import { codeOf } from '@/data/errors.ts'
import { report } from '@/data/problems.ts'
import type { Draft } from '@/domain/command/command.ts'
import type { NewCommand } from '@/domain/command/types/index.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import type { ImportReport, Outbox, WaitingQueue } from '@/sync/index.ts'

export interface OutboxActions {
  busy: Readonly<Ref<boolean>>
  /** Locale key of the last failure, or null. */
  problem: Readonly<Ref<string | null>>
  retry(id: string): Promise<string | null>
  discard(id: string): Promise<boolean>
  /** Null, with `problem`, when it may have been sent. */
  recall(id: string): Promise<Draft | null>
  discardDraft(id: string): Promise<boolean>
  /** Queues the corrected copy and returns its id. The refused item stays until then. */
  resend(command: NewCommand, replaces: string): Promise<string | null>
  exportAll(): Promise<Blob | null>
  /**
   * Returns null on failure. For another server's file, `problem` is
   * `outbox.problem.wrong_instance`.
   */
  importAll(file: Blob, options?: { fromElsewhere: boolean }): Promise<ImportReport | null>
  exportWaiting(queue: WaitingQueue): Promise<Blob | null>
  takeOver(queue: WaitingQueue): Promise<ImportReport | null>
}

/** `OutboxError` codes with texts. */
const known = new Set([
  'storage_full',
  'storage_failed',
  'photo_missing',
  'not_editable',
  'already_replaced',
  'too_large',
  'not_an_export',
  'wrong_instance',
  'wrong_user',
])

/** Outbox actions. A failure sets `problem` and never throws. */
export function useOutboxActions(): OutboxActions {
  const store = useOutboxStore()
  const busy = ref(false)
  const problem = ref<string | null>(null)

  async function run<T>(action: (outbox: Outbox) => Promise<T>): Promise<T | null> {
    busy.value = true
    problem.value = null
    try {
      return await action(await store.whenOpen())
    } catch (failure) {
      const code = codeOf(failure)
      report('outbox-write', failure)
      problem.value =
        code !== null && known.has(code) ? `outbox.problem.${code}` : 'outbox.not-done'
      return null
    } finally {
      busy.value = false
    }
  }
  const done = async (action: (outbox: Outbox) => Promise<void>): Promise<boolean> =>
    (await run(async (outbox) => {
      await action(outbox)
      return true
    })) ?? false

  return {
    busy,
    problem,
    retry: (id) => run(async (outbox) => (await outbox.retry(id)).id),
    recall: async (id) => {
      const draft = await run((outbox) => outbox.recall(id))
      if (!draft) problem.value ??= 'outbox.may-have-left'
      return draft
    },
    discard: (id) => done((outbox) => outbox.discard(id)),
    discardDraft: (id) => done((outbox) => outbox.deleteDraft(id)),
    resend: (command, replaces) =>
      run(async (outbox) => (await outbox.enqueue(command, { replaces })).id),
    exportAll: () => run((outbox) => outbox.exportFile()),
    importAll: (file, options) => run((outbox) => outbox.importFile(file, options)),
    exportWaiting: (queue) => run((outbox) => outbox.exportWaiting(queue)),
    takeOver: (queue) => run((outbox) => outbox.takeOver(queue)),
  }
}
