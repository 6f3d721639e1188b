import { ref, watch, type Ref, type ShallowRef } from 'vue'
import { useOutboxItems } from '@/stores/outbox/use-outbox-items.ts'
import type { Outbox } from '@/sync/index.ts'
import { statesOf, type OutboxLine, type Segment } from './segments.ts'

const pageSize = 200

export interface OutboxLines {
  lines: Readonly<ShallowRef<readonly OutboxLine[]>>
  loaded: Readonly<ShallowRef<boolean>>
  loadMore(): void
  segmentShown: Readonly<Ref<Segment>>
}

export function useOutboxLines(segment: Ref<Segment>, total: () => number): OutboxLines {
  const wanted = ref(pageSize)
  const segmentShown = ref(segment.value)

  async function read(outbox: Outbox): Promise<readonly OutboxLine[]> {
    const [part, limit] = [segment.value, wanted.value]
    const found: OutboxLine[] =
      part === 'drafts'
        ? (await outbox.loadDrafts()).map((draft) => ({ kind: 'draft', id: draft.id, draft }))
        : (await readItems(outbox, part, limit)).map((item) => ({
            kind: 'item',
            id: item.id,
            item,
          }))
    segmentShown.value = part
    return found
  }
  const { items, loaded } = useOutboxItems(read, [], () => [segment.value, wanted.value])

  watch(segment, () => (wanted.value = pageSize), { flush: 'sync' })
  function loadMore(): void {
    // Waits for the previous page.
    if (items.value.length >= wanted.value && items.value.length < total())
      wanted.value = items.value.length + pageSize
  }
  return { lines: items, loaded, loadMore, segmentShown }
}

/** Reads in pages: a long read would block the screen. */
async function readItems(outbox: Outbox, segment: Segment, limit: number) {
  const states = statesOf[segment]
  const found = await outbox.page({ states, limit: pageSize })
  while (found.length < limit && found.length % pageSize === 0 && found.length > 0) {
    const page = await outbox.page({ states, after: found.at(-1)!.cursor, limit: pageSize })
    if (page.length === 0) break
    found.push(...page)
  }
  return found
}
