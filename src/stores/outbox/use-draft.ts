import { computed, onScopeDispose, reactive, ref, shallowRef, toRaw, watch } from 'vue'
import { codeOf } from '@/data/errors.ts'
import { report } from '@/data/problems.ts'
import { addTyped, emptyCaptureForm, isWorthKeeping } from '@/domain/command/report-form.ts'
import type { CaptureForm, Draft } from '@/domain/command/command.ts'
import { newUuid } from '@/domain/command/uuid.ts'
import { watchComposition } from '../composed-text.ts'
import { useAutosave } from './use-autosave.ts'
import { useOwnOutbox } from './use-own-outbox.ts'

/** Short, because phones get switched off. */
const saveDelayMs = 250

export type SaveState = 'empty' | 'unsaved' | 'saved' | 'failed'

/**
 * The form being edited, saved to its person's outbox. `savedAt` is set only after the write.
 * @param kind for a form that only collects photos
 */
export function useDraft(kind?: 'photos') {
  const ownOutbox = useOwnOutbox()
  const form = reactive<CaptureForm>(emptyCaptureForm())
  const photoHashes = ref<string[]>([])
  const id = ref(newUuid())
  const replaces = ref<string | null>(null)
  const savedAt = shallowRef<Date | null>(null)
  /** `OutboxError` or `AppError`. */
  const saveError = shallowRef<unknown>(null)
  const isChanged = ref(false)
  const underway = ref(0)
  const isKept = ref(false)
  /** Another tab changed the same draft, so this form got its own id. */
  const isForked = ref(false)

  const saveState = computed<SaveState>(() => {
    if (saveError.value) return 'failed'
    if (isChanged.value || underway.value > 0) return 'unsaved'
    return isKept.value ? 'saved' : 'empty'
  })

  const autosave = useAutosave(flush, saveDelayMs)
  /** Each opened form gets a new object: a late save must not mark the new form. */
  let stored: StoredVersion = { id: id.value, seen: null }
  /** True from queueing on: a later change must not recreate the draft. */
  let isSealed = false
  /** Incremented when another form is opened or requested. */
  let turns = 0
  const composition = watchComposition()
  onScopeDispose(composition.stop)
  /** Another tab has sent this form. */
  let wasSent = false

  const snapshot = (): Draft => ({
    id: id.value,
    kind: kind ?? (form.confirmsIncidentId === null ? 'report' : 'confirm'),
    form: structuredClone(toRaw({ ...form, notTheseIds: [...(form.notTheseIds ?? [])] })),
    photoHashes: [...photoHashes.value],
    updatedAt: new Date().toISOString(),
    ...(replaces.value && { replaces: replaces.value }),
  })

  async function write(draft: Draft, mine: StoredVersion): Promise<void> {
    const outbox = await ownOutbox()
    // One that replaces an item goes only when its person discards it.
    const keep = isWorthKeeping(draft) || draft.replaces !== undefined
    const put = async (): Promise<void> => {
      if (keep) await outbox.saveDraft({ ...draft, id: mine.id }, mine.seen)
      else if (mine.seen !== null) await outbox.deleteDraft(mine.id, mine.seen)
    }
    await put().catch((failure: unknown) => {
      if (codeOf(failure) !== 'changed_elsewhere') throw failure
      fork(mine)
      return put()
    })
    mine.seen = keep ? draft.updatedAt : null
    if (mine !== stored) return
    isKept.value = keep
    savedAt.value = keep ? new Date(draft.updatedAt) : null
    saveError.value = null
  }
  function fork(mine: StoredVersion): void {
    Object.assign(mine, { id: newUuid(), seen: null })
    if (mine !== stored) return
    id.value = mine.id
    isForked.value = true
  }

  /** @throws as the outbox does; the form keeps its content */
  function flush(): Promise<void> {
    autosave.cancel()
    if (!isChanged.value || isSealed || wasSent) return autosave.last()
    isChanged.value = false
    underway.value++
    const [draft, mine] = [snapshot(), stored]
    return autosave.inTurn(() =>
      write(draft, mine)
        .catch((failure: unknown) => {
          if (mine === stored) {
            isChanged.value = true
            saveError.value = failure
            wasSent = codeOf(failure) === 'already_sent'
          }
          if (codeOf(failure) !== 'already_sent') throw failure
        })
        .finally(() => underway.value--),
    )
  }

  async function settle(): Promise<void> {
    do {
      await composition.ended()
      await flush()
    } while (isChanged.value && !isSealed && !wasSent)
  }

  function touch(): void {
    isChanged.value = true
    if (isSealed) autosave.cancel()
    else autosave.later()
  }
  /** Saves a change made after the form's watcher stopped. */
  function keep(): Promise<void> {
    isChanged.value = true
    return flush()
  }

  /**
   * Saves, and blocks further saves until `unseal`.
   * @returns the stored version, if any
   * @throws as `flush`, and `already_sent`
   */
  async function seal(): Promise<{ fromDraft: string; draftSeen?: string }> {
    const kept = flush()
    isSealed = true
    await kept
    if (wasSent) throw saveError.value
    return { fromDraft: stored.id, ...(stored.seen !== null && { draftSeen: stored.seen }) }
  }
  /** Used after another tab changed the draft. */
  async function sealApart(): ReturnType<typeof seal> {
    fork(stored)
    unseal()
    await keep()
    return seal()
  }
  /** Used after queueing failed. */
  function unseal(): void {
    isSealed = false
    if (isChanged.value) touch()
  }

  let isLoading = false
  watch([form, photoHashes], () => !isLoading && touch(), { deep: true, flush: 'sync' })

  /** The present form must already be saved. */
  function fill(next: Draft, kept: boolean): void {
    autosave.cancel()
    turns++
    stored = { id: next.id, seen: kept ? next.updatedAt : null }
    isForked.value = false
    isSealed = false
    wasSent = false
    isLoading = true
    id.value = next.id
    replaces.value = next.replaces ?? null
    Object.assign(form, emptyCaptureForm(), next.form)
    photoHashes.value = [...next.photoHashes]
    isLoading = false
    isChanged.value = false
    saveError.value = null
    isKept.value = kept
    savedAt.value = kept ? new Date(next.updatedAt) : null
  }

  /**
   * Opens a loaded draft. Input typed into an empty form meanwhile is added to it; a filled form is
   * saved first.
   * @param isStored false for a copy
   * @returns `overtaken` when another form was opened or requested meanwhile
   * @throws as `putAway` and `load`
   */
  async function open(
    load: () => Promise<Draft | null | undefined>,
    {
      isStored = true,
      putAway = settle,
    }: { isStored?: boolean; putAway?: () => Promise<void> } = {},
  ): Promise<'opened' | 'missing' | 'overtaken'> {
    const turn = ++turns
    const [before, wasEmpty] = [stored, !isWorthKeeping(snapshot())]
    if (wasEmpty) autosave.now()
    else await putAway()
    const found = await load()
    await (wasEmpty ? composition.ended() : putAway())
    if (turn !== turns) return 'overtaken'
    if (!found) return 'missing'
    const typed = snapshot()
    fill(found, isStored)
    if (wasEmpty && isWorthKeeping(typed)) addToOpened(found, typed, before)
    return 'opened'
  }
  function addToOpened(opened: Draft, typed: Draft, before: StoredVersion): void {
    const added = addTyped(opened, typed)
    Object.assign(form, added.form)
    photoHashes.value = added.photoHashes
    // Delete the first draft only after its words are saved in the opened one.
    void flush()
      .then(async () => before.seen && (await ownOutbox()).deleteDraft(before.id, before.seen))
      .catch((failure: unknown) => report('draft', failure))
  }

  const startNew = (): void =>
    fill(
      {
        id: newUuid(),
        kind: kind ?? 'report',
        form: emptyCaptureForm(),
        photoHashes: [],
        updatedAt: new Date().toISOString(),
      },
      false,
    )

  return {
    form,
    photoHashes,
    id,
    replaces,
    savedAt,
    saveError,
    saveState,
    isKept,
    isForked,
    flush,
    settle,
    keep,
    open,
    seal,
    sealApart,
    unseal,
    fill,
    startNew,
  }
}
export type DraftInHand = ReturnType<typeof useDraft>

/** `seen`: `updatedAt` of the last saved version; null if not stored. */
interface StoredVersion {
  id: string
  seen: string | null
}
