import type { CaptureForm, Draft } from './command.ts'
import type { LngLat } from '../vocabulary.ts'

/** As severe as what is reported without a word about it (of 1, minor, to 4, danger). */
export const usualSeverity = 2

export const emptyCaptureForm = (): CaptureForm => ({
  categoryCode: null,
  lon: null,
  lat: null,
  accuracyMeters: null,
  placedBy: null,
  description: '',
  severity: usualSeverity,
  addressLabel: '',
  areaCode: null,
  confirmsIncidentId: null,
  isPinChecked: false,
  notTheseIds: [],
})

/** The pin, or null while there is none. */
export const pinOf = ({ lon, lat }: Pick<CaptureForm, 'lon' | 'lat'>): LngLat | null =>
  lon === null || lat === null ? null : [lon, lat]

/**
 * True once a person has put something in that would be a pity to lose; a position alone is not, nor
 * is the incident that photos are for.
 */
export const isWorthKeeping = ({
  kind,
  form,
  photoHashes,
}: Pick<Draft, 'kind' | 'form' | 'photoHashes'>): boolean =>
  photoHashes.length > 0 ||
  form.categoryCode !== null ||
  kind === 'confirm' ||
  form.description.trim() !== '' ||
  form.placedBy === 'hand' ||
  form.placedBy === 'photo'
