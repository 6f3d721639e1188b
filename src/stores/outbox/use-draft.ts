import { computed, onScopeDispose, reactive, ref, shallowRef, toRaw, watch } from 'vue'
import { codeOf } from '@/data/errors.ts'
import { report } from '@/data/problems.ts'
import { addTyped, emptyCaptureForm, isWorthKeeping } from '@/domain/command/report-form.ts'
import type { CaptureForm, Draft } from '@/domain/command/command.ts'
import { newUuid } from '@/domain/command/uuid.ts'
import { watchComposition } from '../composed-text.ts'
import { useAutosave } from './use-autosave.ts'
import { useOwnOutbox } from './use-own-outbox.ts'

/** Short enough that nobody presses the power button in between. */
const saveDelayMs = 250

export type SaveState = 'empty' | 'unsaved' | 'saved' | 'failed'

/**
 * The form in hand. Every change is on the disk a moment later, under the person's own account;
 * `savedAt` is set only after the disk has it. `kind` for a form that only collects photos.
 */
export function useDraft(kind?: 'photos') {
  const ownOutbox = useOwnOutbox()
  const form = reactive<CaptureForm>(emptyCaptureForm())
  const photoHashes = ref<string[]>([])
  const id = ref(newUuid())
  const replaces = ref<string | null>(null)
  const savedAt = shallowRef<Date | null>(null)
  /** Why the last save failed; an `OutboxError` or `AppError`. */
  const saveError = shallowRef<unknown>(null)
  const isChanged = ref(false)
  /** Writes that were begun and have not ended. */
  const underway = ref(0)
  /** True while the device holds this draft. */
  const isKept = ref(false)
  /** Another tab has changed the same draft: this form went on as a draft of its own. */
  const isForked = ref(false)

  const saveState = computed<SaveState>(() => {
    if (saveError.value) return 'failed'
    if (isChanged.value || underway.value > 0) return 'unsaved'
    return isKept.value ? 'saved' : 'empty'
  })

  const autosave = useAutosave(flush, saveDelayMs)
  /**
   * What the device holds of the form in hand, as this tab knows it; another one for each form that is
   * taken in hand: what is saved late must not mark the new one.
   */
  let stored: StoredVersion = { id: id.value, seen: null }
  /** True while the form becomes a command and after: no later change may bring the draft back. */
  let isSealed = false
  /** Grows when another form is taken in hand or asked for. */
  let turns = 0
  const composition = watchComposition()
  onScopeDispose(composition.stop)
  /** Another tab has sent it: nothing is saved any more, and nothing waits for it. */
  let wasSent = false

  const snapshot = (): Draft => ({
    id: id.value,
    kind: kind ?? (form.confirmsIncidentId === null ? 'report' : 'confirm'),
    form: structuredClone(toRaw({ ...form, notTheseIds: [...(form.notTheseIds ?? [])] })),
    photoHashes: [...photoHashes.value],
    updatedAt: new Date().toISOString(),
    ...(replaces.value && { replaces: replaces.value }),
  })

  /** What another tab has saved under the same id stays; this form then gets an id of its own. */
  async function write(draft: Draft, mine: StoredVersion): Promise<void> {
    const outbox = await ownOutbox()
    const keep = isWorthKeeping(draft)
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

  /** Puts on the disk what is not there yet. @throws what the outbox throws; the form keeps it all */
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

  /** Flushes until nothing typed meanwhile is left. @throws as `flush` does */
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
  /** After a change that came when nobody watches the form any more. */
  function keep(): Promise<void> {
    isChanged.value = true
    return flush()
  }

  /**
   * Puts everything on the disk, for the last time unless unsealed.
   * @returns the version that lies there, if one does
   * @throws as `flush` does, and `already_sent`
   */
  async function seal(): Promise<{ fromDraft: string; draftSeen?: string }> {
    const kept = flush()
    isSealed = true
    await kept
    if (wasSent) throw saveError.value
    return { fromDraft: stored.id, ...(stored.seen !== null && { draftSeen: stored.seen }) }
  }
  /** A sealed form that another tab has changed on the disk, kept as a draft of its own. */
  async function sealApart(): ReturnType<typeof seal> {
    fork(stored)
    unseal()
    await keep()
    return seal()
  }
  /** It did not become a command: what changed meanwhile is saved again. */
  function unseal(): void {
    isSealed = false
    if (isChanged.value) touch()
  }

  let isLoading = false
  watch([form, photoHashes], () => !isLoading && touch(), { deep: true, flush: 'sync' })

  /** Replaces the form in hand, which must be on the disk. */
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
   * Takes a draft in hand that must be loaded first. What a person puts into an empty form meanwhile is
   * added to it. A form that has something in it is put away first and stays a draft of its own.
   * @param isStored false for a copy that the device does not hold as a draft
   * @returns `overtaken` when another form was taken in hand or asked for meanwhile
   * @throws as `putAway` and `load` do; the form in hand stays
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
    // only after the words lie in the opened draft is the one they were first saved as let go
    void flush()
      .then(async () => before.seen && (await ownOutbox()).deleteDraft(before.id, before.seen))
      .catch((failure: unknown) => report('draft', failure))
  }

  /** An empty form; the one before must have been flushed. */
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

/** The id under which a form is saved, and `updatedAt` of the version of it that was saved last. */
interface StoredVersion {
  id: string
  seen: string | null
}
