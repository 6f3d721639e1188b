import type { LngLat } from './vocabulary.ts'

/** How the pin came where it is: by the device's position, by a person, or from a photo. */
export type PlacedBy = 'gps' | 'hand' | 'photo'

/** What a person fills in before anything is sent. Everything may still be missing. */
export interface CaptureForm {
  categoryCode: string | null
  /** Degrees, WGS 84; null until there is a pin. */
  lon: number | null
  lat: number | null
  /** Of the position the pin stands on; null for a pin put there by other means. */
  accuracyMeters: number | null
  placedBy: PlacedBy | null
  description: string
  /** 1 (minor) to 4 (danger). */
  severity: number
  addressLabel: string
  /** Deepest area under the pin, as far as this device knows the areas. */
  areaCode: string | null
  /** The open incident this turns out to be; then no new one is made. */
  confirmsIncidentId: string | null
  /** The person has looked at a pin whose position is poor. */
  isPinChecked: boolean
  /** Open incidents nearby that the person said it is not. */
  notTheseIds: string[]
}

export const emptyCaptureForm = (): CaptureForm => ({
  categoryCode: null,
  lon: null,
  lat: null,
  accuracyMeters: null,
  placedBy: null,
  description: '',
  severity: 2,
  addressLabel: '',
  areaCode: null,
  confirmsIncidentId: null,
  isPinChecked: false,
  notTheseIds: [],
})

/** The pin, or null while there is none. */
export const pinOf = ({ lon, lat }: Pick<CaptureForm, 'lon' | 'lat'>): LngLat | null =>
  lon === null || lat === null ? null : [lon, lat]

/** True once a person has put something in that would be a pity to lose; a position alone is not. */
export const isWorthKeeping = (form: CaptureForm, photoCount: number): boolean =>
  photoCount > 0 ||
  form.categoryCode !== null ||
  form.confirmsIncidentId !== null ||
  form.description.trim() !== '' ||
  form.placedBy === 'hand' ||
  form.placedBy === 'photo'
