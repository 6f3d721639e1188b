import { computed, type ComputedRef, type Ref } from 'vue'
import { nearbyIncidents } from '@/domain/place/nearby-incidents.ts'
import { pinOf } from '@/domain/command/report-form.ts'
import type { CaptureForm } from '@/domain/command/command.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useOutboxItems } from '@/stores/outbox/use-outbox-items.ts'
import type { ItemSummary } from '@/sync/index.ts'
import { useOpenIncidents } from './use-open-incidents.ts'
import { withWaiting, type NearReport } from './waiting-reports.ts'

const maxOffers = 3
/** Older ones that wait are rarely reported again. */
const maxWaiting = 300

/**
 * Possible duplicates of the form, until the person answers.
 * @param own.id the report itself, which waits in the outbox before its page says that it was sent
 * @param own.isSending nothing is offered any more: the list would come under the finger, too late
 */
export function useDuplicateOffers(
  form: CaptureForm,
  own: { id: Readonly<Ref<string>>; isSending: Readonly<Ref<boolean>> },
) {
  const categories = useCategoriesStore()
  const { rows: open, refresh } = useOpenIncidents()
  const { items } = useOutboxItems<ItemSummary[]>(
    (outbox) => outbox.page({ states: ['queued', 'sending'], limit: maxWaiting }),
    [],
  )
  const rows = computed(() => withWaiting(open.value, items.value))

  const near = computed(() => {
    const place = pinOf(form)
    const category = form.categoryCode === null ? undefined : categories.byCode(form.categoryCode)
    if (!place || !category || form.confirmsIncidentId !== null || own.isSending.value) return []
    const answered = new Set([own.id.value, ...(form.notTheseIds ?? [])])
    return nearbyIncidents(
      rows.value.filter(({ id }) => !answered.has(id)),
      {
        place,
        categoryCode: category.code,
        radiusMeters: category.duplicateRadiusMeters,
        most: rows.value.length,
      },
    )
  })
  const offers = computed(() => near.value.slice(0, maxOffers))
  /** The incident to add to; undefined when this device no longer has it. */
  const confirmed: ComputedRef<NearReport | undefined> = computed(() =>
    rows.value.find(({ id }) => id === form.confirmsIncidentId),
  )
  /** Also rejects offers that are not shown. */
  function noneOfThese(): void {
    const seen = near.value.map(({ incident }) => incident.id)
    form.notTheseIds = [...(form.notTheseIds ?? []), ...seen]
  }
  return { offers, confirmed, noneOfThese, refresh }
}
