import { computed, ref, watch } from 'vue'
import { pinOf } from '@/domain/command/report-form.ts'
import type { CaptureForm, PlacedBy } from '@/domain/command/command.ts'
import { moveByMeters } from '@/domain/place/distance.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import { useBestPosition } from '@/parts/place/use-position.ts'

/** To about a centimetre. */
const round = (degrees: number): number => Math.round(degrees * 1e7) / 1e7

/**
 * The pin follows the device until a person moves it. A draft's pin stays: the person may have left
 * the place.
 */
export function usePin(form: CaptureForm, hasPhotos: () => boolean) {
  const isFollowing = ref(true)
  /** The person knows that they stand elsewhere. */
  const isKept = ref(false)
  const position = useBestPosition(hasPhotos)
  const pin = computed(() => pinOf(form))

  watch(pin, () => (isKept.value = false))

  function put(lngLat: LngLat, placedBy: PlacedBy, accuracyMeters: number | null): void {
    Object.assign(form, {
      lon: round(lngLat[0]),
      lat: round(lngLat[1]),
      placedBy,
      accuracyMeters,
      isPinChecked: false,
    })
  }
  const take = (lngLat: LngLat, placedBy: PlacedBy): void => {
    isFollowing.value = false
    put(lngLat, placedBy, null)
  }

  watch([position.best, isFollowing], ([fix]) => {
    if (fix && isFollowing.value) put(fix.lngLat, 'gps', Math.round(fix.accuracyMeters * 10) / 10)
  })

  return {
    pin,
    position,
    isFollowing,
    isKept,
    moveTo: (lngLat: LngLat) => take(lngLat, 'hand'),
    moveToPhoto: (lngLat: LngLat) => take(lngLat, 'photo'),
    nudge(eastMeters: number, northMeters: number): void {
      if (pin.value) take(moveByMeters(pin.value, eastMeters, northMeters), 'hand')
    },
    /** A confirmed pin stops following the device. */
    setChecked(isChecked: boolean): void {
      isFollowing.value = !isChecked
      form.isPinChecked = isChecked
    },
    /** To where the device is now. */
    moveToDevice(): void {
      isFollowing.value = true
      position.beginHere()
    },
    keep(): void {
      isFollowing.value = false
      isKept.value = true
    },
    followDevice(): void {
      isFollowing.value = true
      position.start()
    },
    /** Call after opening another form. */
    begin(): void {
      isFollowing.value = pin.value === null
      position.start()
    },
  }
}
export type Pin = ReturnType<typeof usePin>
