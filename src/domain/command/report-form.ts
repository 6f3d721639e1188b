import type { CaptureForm, Draft, PlacedBy } from './command.ts'
import type { LngLat } from '../vocabulary.ts'

/** From 1 (minor) to 4 (danger). */
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

export const formOf = (said: {
  categoryCode?: string
  lon: number
  lat: number
  accuracyMeters?: number
  placedBy?: PlacedBy
  description?: string
  severity?: number
  addressLabel?: string
}): CaptureForm => ({
  categoryCode: said.categoryCode ?? null,
  lon: said.lon,
  lat: said.lat,
  accuracyMeters: said.accuracyMeters ?? null,
  placedBy: said.placedBy ?? null,
  description: said.description ?? '',
  severity: said.severity ?? null,
  addressLabel: said.addressLabel ?? '',
  areaCode: null,
  confirmsIncidentId: null,
})

export const pinOf = ({ lon, lat }: Pick<CaptureForm, 'lon' | 'lat'>): LngLat | null =>
  lon === null || lat === null ? null : [lon, lat]

/** Ignores the device's position and the incident of photos. */
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

/** Joins a stored draft with input made while it was loading. */
export function addTyped(
  stored: Pick<Draft, 'form' | 'photoHashes'>,
  typed: Pick<Draft, 'form' | 'photoHashes'>,
): Pick<Draft, 'form' | 'photoHashes'> {
  const [before, added] = [stored.form, typed.form]
  const isPlaced = added.placedBy === 'hand' || added.placedBy === 'photo'
  const { lon, lat, accuracyMeters, placedBy, areaCode, addressLabel, isPinChecked } = isPlaced
    ? added
    : before
  return {
    form: {
      ...before,
      categoryCode: added.categoryCode ?? before.categoryCode,
      severity: added.severity === usualSeverity ? before.severity : added.severity,
      description: [before.description, added.description]
        .filter((text) => text.trim() !== '')
        .join('\n'),
      confirmsIncidentId: added.confirmsIncidentId ?? before.confirmsIncidentId,
      notTheseIds: [...new Set([...(before.notTheseIds ?? []), ...(added.notTheseIds ?? [])])],
      ...{ lon, lat, accuracyMeters, placedBy, areaCode, addressLabel, isPinChecked },
    },
    photoHashes: [...new Set([...stored.photoHashes, ...typed.photoHashes])],
  }
}
