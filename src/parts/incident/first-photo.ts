import type { IncidentPhoto } from '@/data/incidents.repo.ts'
import type { PhotoAddress } from '@/data/photos.repo.ts'

/** The incident as it was found; null without photos. */
export function firstPhotoOf([first]: readonly IncidentPhoto[]): PhotoAddress | null {
  if (!first) return null
  const { owner, hash, mediaType } = first
  return { owner, hash, mediaType: mediaType === 'image/webp' ? 'image/webp' : 'image/jpeg' }
}
