import { inject, provide, type ComputedRef, type InjectionKey } from 'vue'
import type { WorkRow } from '@/data/work.repo.ts'
import type { ItemSummary } from '@/sync/index.ts'

/** Shared by the page's table, cards and board. */
export interface WorkView {
  /** The server's clock, epoch milliseconds. */
  now: ComputedRef<number>
  underway: ComputedRef<ReadonlyMap<string, ItemSummary>>
  selected: ComputedRef<ReadonlySet<string>>
  /** Its incident stands in the panel. */
  opened: ComputedRef<string | null>
  letters: ComputedRef<ReadonlyMap<string, string>>
  /** In the language shown. */
  stepName(row: WorkRow, name: string): string
  stepTone(row: WorkRow, name: string): 'primary' | 'neutral' | 'danger'
  /** The step that the row waits for; null without one. */
  mainStep(row: WorkRow): string | null
  stateName(row: WorkRow): string
  open(id: string): void
  toggle(id: string): void
  toggleAll(): void
  step(name: string, id: string): void
  stepByLetter(letter: string, id: string): boolean
  help(): void
  leave(): void
}

const key: InjectionKey<WorkView> = Symbol('work view')
export const provideWorkView = (view: WorkView): void => provide(key, view)
export function useWorkView(): WorkView {
  const view = inject(key)
  if (!view) throw new Error('useWorkView() outside of the work page')
  return view
}

/** A row waits for the outbox, so no further step is offered. */
export const stepsOf = (view: WorkView, row: WorkRow): readonly string[] =>
  view.underway.value.has(row.id) ? [] : row.steps
