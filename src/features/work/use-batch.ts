import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { report } from '@/data/problems.ts'
import type { WorkRow } from '@/data/work.repo.ts'
import type { PayloadOf } from '@/domain/workflow/proposals.ts'
import type { OfferedTransition } from '@/domain/workflow/workflow.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { undoMs, useStepsStore } from '@/stores/outbox/steps.store.ts'
import type { ItemSummary } from '@/sync/index.ts'
import { isStuck } from './use-underway.ts'

interface BatchItem {
  row: WorkRow
  itemId: string
  outcome: 'waiting' | 'done' | 'failed'
  /** Of a failed one. */
  item: ItemSummary | null
}

export interface Batch {
  transition: OfferedTransition
  items: readonly BatchItem[]
  /** Until then (device milliseconds) all of it can be undone; null: not at all. */
  undoUntil: number | null
}

export interface Batches {
  /** The last batch, until it is closed. */
  batch: Readonly<Ref<Batch | null>>
  waiting: ComputedRef<number>
  failed: ComputedRef<readonly BatchItem[]>
  /** Steps are being stored on the device. */
  storing: Readonly<Ref<boolean>>
  /** Some could not be stored. */
  notStored: Readonly<Ref<number>>
  /** Rows without a payload stay as they are. */
  take(
    rows: readonly WorkRow[],
    transition: OfferedTransition,
    payloadOf: PayloadOf,
  ): Promise<boolean>
  undo(): Promise<void>
  close(): void
}

/** Takes one step of many incidents: a command each, through the outbox. */
export function useBatch(onSettled: (incidentId: string) => void): Batches {
  const steps = useStepsStore()
  const outbox = useOutboxStore()
  const batch = shallowRef<Batch | null>(null)
  const storing = ref(false)
  const notStored = ref(0)

  async function take(
    rows: readonly WorkRow[],
    transition: OfferedTransition,
    payloadOf: PayloadOf,
  ): Promise<boolean> {
    storing.value = true
    notStored.value = 0
    const { name, canUndo } = transition
    try {
      const taken = rows.flatMap((incident) => {
        const fields = payloadOf(incident.id)
        return fields ? [{ incident, fields }] : []
      })
      const ids = await steps.takeAll(taken, { name, canUndo })
      // the page's clock: the hold may end a moment earlier, then there is nothing left to undo
      const undoUntil = canUndo ? Date.now() + undoMs : null
      const items = taken.map(({ incident }, index): BatchItem => ({
        row: incident,
        itemId: ids[index]!,
        outcome: 'waiting',
        item: null,
      }))
      batch.value = { transition, items, undoUntil }
    } catch (failure) {
      report('outbox-write', failure)
      notStored.value = rows.length
    } finally {
      storing.value = false
    }
    return notStored.value === 0
  }

  /** Asks the outbox how each item stands; what arrived is told once. */
  async function settle(): Promise<void> {
    const current = batch.value
    if (!current) return
    const store = await outbox.whenOpen()
    const open = current.items.filter(({ outcome }) => outcome === 'waiting')
    const found = await store.items(open.map(({ itemId }) => itemId))
    const itemOf = new Map(found.map((item) => [item.id, item]))
    const items = current.items.map((one): BatchItem => {
      if (one.outcome !== 'waiting') return one
      const item = itemOf.get(one.itemId)
      if (!item || item.state === 'received') return { ...one, outcome: 'done' }
      return isStuck(item) ? { ...one, outcome: 'failed', item } : one
    })
    if (batch.value !== current) return
    batch.value = { ...current, items }
    for (const [index, { outcome, row }] of items.entries())
      if (outcome === 'done' && current.items[index]!.outcome === 'waiting') onSettled(row.id)
  }
  watch(
    () => outbox.revision,
    () => void settle().catch((failure: unknown) => report('outbox-read', failure)),
  )

  async function undo(): Promise<void> {
    const current = batch.value
    batch.value = null
    if (!current) return
    try {
      const store = await outbox.whenOpen()
      await store.takeBackAll(current.items.map(({ itemId }) => itemId))
    } catch (failure) {
      report('outbox-write', failure)
    }
  }

  return {
    batch,
    waiting: computed(
      () => batch.value?.items.filter(({ outcome }) => outcome === 'waiting').length ?? 0,
    ),
    failed: computed(() => batch.value?.items.filter(({ outcome }) => outcome === 'failed') ?? []),
    storing,
    notStored,
    take,
    undo,
    close: () => (batch.value = null),
  }
}
