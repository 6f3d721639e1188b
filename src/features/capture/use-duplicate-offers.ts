import { computed, type ComputedRef } from 'vue'
import { nearbyIncidents } from '@/domain/place/nearby-incidents.ts'
import { pinOf } from '@/domain/command/report-form.ts'
import type { CaptureForm } from '@/domain/command/command.ts'
import type { OpenIncident } from '@/data/field.repo.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useOpenIncidents } from './use-open-incidents.ts'

const maxOffers = 3

/** Possible duplicates of the form, until the person answers. */
export function useDuplicateOffers(form: CaptureForm) {
  const categories = useCategoriesStore()
  const { rows, refresh } = useOpenIncidents()

  const near = computed(() => {
    const place = pinOf(form)
    const category = form.categoryCode === null ? undefined : categories.byCode(form.categoryCode)
    if (!place || !category || form.confirmsIncidentId !== null) return []
    const answered = new Set(form.notTheseIds)
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
  const confirmed: ComputedRef<OpenIncident | undefined> = computed(() =>
    rows.value.find(({ id }) => id === form.confirmsIncidentId),
  )
  /** Also rejects offers that are not shown. */
  function noneOfThese(): void {
    const seen = near.value.map(({ incident }) => incident.id)
    form.notTheseIds = [...(form.notTheseIds ?? []), ...seen]
  }
  return { offers, confirmed, noneOfThese, refresh }
}
