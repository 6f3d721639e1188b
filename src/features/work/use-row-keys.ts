import { computed, nextTick, ref, watch, type ComputedRef, type Ref } from 'vue'
import { keptIndex, rowForKey } from '@/ui/list-rows.ts'

const pageRows = 10

interface Handlers {
  open(id: string): void
  toggle(id: string): void
  /** All shown rows, or none when all are. */
  toggleAll(): void
  /** A letter; true when a step has it. */
  step(letter: string, id: string): boolean
  help(): void
  /** Escape. */
  leave(): void
}

export interface RowKeys {
  /** The one row that Tab reaches; null without rows. */
  active: ComputedRef<string | null>
  setActive(id: string): void
  onKeydown(event: KeyboardEvent): void
}

/**
 * One tab stop for a list of rows: j, k, arrows, Page, Home and End move, Enter opens, x or Space selects.
 * Rows carry `data-row=<id>` and take the focus.
 */
export function useRowKeys(
  ids: () => readonly string[],
  root: Readonly<Ref<HTMLElement | null>>,
  handlers: Handlers,
): RowKeys {
  const index = ref(0)
  const active = computed(() => ids()[Math.min(index.value, ids().length - 1)] ?? null)

  const rowOf = (id: string) => root.value?.querySelector<HTMLElement>(`[data-row="${id}"]`)
  async function focus(next: number): Promise<void> {
    index.value = next
    await nextTick()
    const row = active.value === null ? null : rowOf(active.value)
    row?.focus({ preventScroll: true })
    row?.scrollIntoView({ block: 'nearest' })
  }

  // A row that leaves hands the focus to the one that takes its place.
  watch(ids, (now, before) => {
    const hadFocus = root.value?.contains(document.activeElement) ?? false
    const kept = keptIndex(before, now, index.value)
    const next = kept >= 0 ? kept : Math.max(0, now.length - 1)
    if (hadFocus && document.activeElement?.matches('[data-row]')) void focus(next)
    else index.value = next
  })

  function onKeydown(event: KeyboardEvent): void {
    const target = event.target as HTMLElement
    if (!target.matches('[data-row]') || event.ctrlKey || event.metaKey || event.altKey) return
    const id = target.dataset['row']!
    const at = ids().indexOf(id)
    const isHandled = ((): boolean => {
      const key = { j: 'ArrowDown', k: 'ArrowUp' }[event.key] ?? event.key
      const next = rowForKey(key, at, ids().length, pageRows)
      if (next !== null) {
        void focus(next)
        return true
      }
      if (key === 'Enter') handlers.open(id)
      else if (key === 'x' || key === ' ') handlers.toggle(id)
      else if (key === '*') handlers.toggleAll()
      else if (key === '?') handlers.help()
      else if (key === 'Escape') handlers.leave()
      else return key.length === 1 && handlers.step(key.toLowerCase(), id)
      return true
    })()
    if (isHandled) event.preventDefault()
  }

  return {
    active,
    setActive: (id) => (index.value = Math.max(0, ids().indexOf(id))),
    onKeydown,
  }
}
