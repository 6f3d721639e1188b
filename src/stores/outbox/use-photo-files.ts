import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { AppError, codeOf } from '@/data/errors.ts'
import { report } from '@/data/problems.ts'
import { PhotoRefused, type PhotoRefusal } from '@/domain/photo/photo-kind.ts'
import { maxPhotos } from '@/domain/command/report-rules.ts'
import type { PhotoRef } from '@/domain/command/command.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import { takePhoto } from '@/device/photo/intake.ts'
import { useUnsavedStore } from './unsaved.store.ts'
import { useOwnOutbox } from './use-own-outbox.ts'
import type { NewPhoto } from '@/domain/photo/new-photo.ts'

/** A chosen file, in progress or refused. */
export interface PhotoFile {
  key: number
  name: string
  /** Null while in progress. */
  refusal: PhotoRefusal | 'too-many' | 'no-room' | null
}

/**
 * Stores each photo before adding it to the form. A refused file stays listed with its reason until
 * dismissed.
 */
export function usePhotoFiles(hashes: Ref<string[]>, onAdded: () => Promise<void>) {
  const ownOutbox = useOwnOutbox()
  const files = ref<PhotoFile[]>([])
  const refs = shallowRef<ReadonlyMap<string, PhotoRef>>(new Map())
  let nextKey = 1

  const isBusy = computed(() => files.value.some(({ refusal }) => refusal === null))
  const refused = computed(() => files.value.filter(({ refusal }) => refusal !== null))
  /** Position of the first photo that has one. */
  const photoPlace = computed<LngLat | null>(() => {
    for (const hash of hashes.value) {
      const { lon, lat } = refs.value.get(hash) ?? {}
      if (lon !== undefined && lat !== undefined) return [lon, lat]
    }
    return null
  })

  function remember(hash: string, photo: NewPhoto): PhotoRef {
    const found = photoRef(hash, photo)
    refs.value = new Map(refs.value).set(hash, found)
    return found
  }
  /** @throws AppError code `photo_missing` */
  async function lookUp(hash: string): Promise<PhotoRef> {
    const known = refs.value.get(hash)
    if (known) return known
    const photo = await (await ownOutbox()).loadPhoto(hash)
    if (!photo) throw new AppError('invalid', hash, { code: 'photo_missing' })
    return remember(hash, photo)
  }

  // Only for `photoPlace`; sending looks photos up again.
  watch(
    hashes,
    async (wanted) => {
      for (const hash of wanted)
        await lookUp(hash).catch((error: unknown) => report('photo', error))
    },
    { immediate: true },
  )

  async function take(entry: PhotoFile, file: File, takenAt: string | null): Promise<void> {
    try {
      if (hashes.value.length >= maxPhotos) throw refuse('too-many')
      const read = await takePhoto(file)
      const photo = takenAt === null ? read : { ...read, takenAt }
      const outbox = await ownOutbox()
      const { hash } = await outbox.savePhoto(photo)
      remember(hash, photo)
      if (!hashes.value.includes(hash)) hashes.value = [...hashes.value, hash]
      dismiss(entry.key)
      await onAdded()
    } catch (error) {
      const at = files.value.find(({ key }) => key === entry.key)
      if (at) at.refusal = refusalOf(error)
    }
  }

  let working: Promise<void> = Promise.resolve()
  /** Resolves once every file is accepted or refused. */
  const settled = (): Promise<void> => working
  onScopeDispose(useUnsavedStore().onLeave(settled))

  /** @param takenAt by the device's clock, for pictures whose file does not tell */
  function add(chosen: readonly File[], takenAt: string | null = null): Promise<void> {
    const entries = chosen.map((file) => {
      const entry: PhotoFile = { key: nextKey++, name: file.name, refusal: null }
      return { entry, file }
    })
    files.value = [...files.value, ...entries.map(({ entry }) => entry)]
    working = working.then(async () => {
      for (const { entry, file } of entries) await take(entry, file, takenAt)
    })
    return working
  }

  function dismiss(key: number): void {
    files.value = files.value.filter((file) => file.key !== key)
  }
  const remove = (hash: string): void => {
    hashes.value = hashes.value.filter((one) => one !== hash)
  }
  /** @throws AppError code `photo_missing`; OutboxError */
  const photoRefs = (): Promise<PhotoRef[]> => Promise.all(hashes.value.map(lookUp))

  return { files, isBusy, refused, photoPlace, add, settled, dismiss, remove, photoRefs }
}
export type PhotoFiles = ReturnType<typeof usePhotoFiles>

type Refusal = NonNullable<PhotoFile['refusal']>
const refuse = (code: Refusal): { code: Refusal } => ({ code })

function refusalOf(error: unknown): Refusal {
  if (error instanceof PhotoRefused) return error.code
  const code = codeOf(error)
  if (code === 'too-many') return 'too-many'
  if (code === 'storage_full') return 'no-room'
  report('photo', error)
  return 'broken'
}

/** A stored photo as a command names it. */
export const photoRef = (hash: string, photo: NewPhoto): PhotoRef => ({
  hash,
  mediaType: photo.mediaType,
  bytes: photo.bytes.byteLength,
  width: photo.width,
  height: photo.height,
  ...(photo.takenAt && { takenAt: photo.takenAt }),
  ...(photo.lon !== undefined && photo.lat !== undefined && { lon: photo.lon, lat: photo.lat }),
})
