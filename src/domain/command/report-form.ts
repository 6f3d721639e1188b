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

/**
 * A stored draft with what a person put into an empty form while it was being loaded: words and photos
 * are appended; a category, severity or place of the person's own choice replaces the stored one.
 */
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
