import { computed, watch, type ComputedRef, type Ref } from 'vue'
import { areaLabel } from '@/domain/city/area-label.ts'
import type { CorrectionForm } from '@/domain/command/correction-form.ts'
import { crossing } from '@/domain/place/near-streets.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { usePinAreas, type PinArea } from '../place/use-pin-areas.ts'
import { useNearStreets } from '../place/use-street-name.ts'

/**
 * The address of a moved pin: a name of the new place where it was one of the old place.
 * @param old names of the old place. @param next names of the new one, the best first
 */
export function labelAfterMove(
  label: string,
  old: readonly (string | null)[],
  next: readonly (string | null | undefined)[],
): string {
  if (label === '' || !old.includes(label)) return label
  return next.find(Boolean) ?? label
}

/**
 * Lets an address that only named the old place follow a moved pin. Words of a person stay.
 * @param before the fields as they were
 */
export function useFollowingLabel(
  before: () => CorrectionForm,
  form: Ref<CorrectionForm>,
  pinArea: ComputedRef<PinArea | null>,
): void {
  const areas = useAreasStore()
  const isMoved = computed(() => form.value.lon !== before().lon || form.value.lat !== before().lat)
  const oldPlace = computed(() => [before().lon, before().lat] as const)
  const { pinArea: oldArea } = usePinAreas(oldPlace)
  const oldStreets = useNearStreets(() => (isMoved.value ? oldPlace.value : null))
  const streets = useNearStreets(() => (isMoved.value ? [form.value.lon, form.value.lat] : null))
  let derived: string | null = null

  watch([isMoved, oldArea, oldStreets, pinArea, streets], () => {
    const { addressLabel } = before()
    const isOwn = form.value.addressLabel === addressLabel || form.value.addressLabel === derived
    if (!isOwn) return
    const old = [
      oldArea.value && areaLabel(areas.ancestry(oldArea.value.area.code)),
      oldStreets.value && crossing(oldStreets.value),
    ]
    const next = isMoved.value
      ? labelAfterMove(addressLabel, old, [
          streets.value && crossing(streets.value),
          pinArea.value?.label,
        ])
      : addressLabel
    derived = next
    if (form.value.addressLabel !== next) form.value = { ...form.value, addressLabel: next }
  })
}
