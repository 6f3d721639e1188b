import { inject, provide, type InjectionKey } from 'vue'
import type { LngLat } from '@/domain/vocabulary.ts'

type ShowPlace = (lngLat: LngLat) => void
const key: InjectionKey<ShowPlace> = Symbol('map camera')

export const provideShowPlace = (show: ShowPlace): void => provide(key, show)

/** Moves the map to a place, near enough to see single incidents. */
export function useShowPlace(): ShowPlace {
  const show = inject(key)
  if (!show) throw new Error('useShowPlace() outside of a map page')
  return show
}
