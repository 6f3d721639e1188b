import { computed, onScopeDispose, shallowRef, watch, type ComputedRef } from 'vue'
import { photosRepo, type PhotoAddress } from '@/data/photos.repo.ts'
import { useKeptPhotosStore } from './kept-photos.store.ts'
import { useOutboxStore } from './outbox.store.ts'
import { useSessionStore } from '../session.store.ts'

export interface ShownPhoto {
  /** Object URL; null while loading or failed. */
  src: string | null
  failed: boolean
}

/**
 * Object URLs by hash, from the device or the server. A change of `addresses` retries failed ones.
 * @param options `keep`: leave them on the device, for when there is no network
 */
export function usePhotoUrls(
  addresses: () => readonly PhotoAddress[],
  options: { keep?: boolean } = {},
): ComputedRef<(hash: string) => ShownPhoto> {
  const session = useSessionStore()
  const outboxStore = useOutboxStore()
  const keptPhotos = useKeptPhotosStore()
  const shown = shallowRef<ReadonlyMap<string, ShownPhoto>>(new Map())

  async function load(address: PhotoAddress): Promise<Blob> {
    const own = await outboxStore.outbox?.loadPhoto(address.hash)
    if (own) return new Blob([own.bytes], { type: own.mediaType })
    const kept = await keptPhotos.read(address)
    if (kept) return kept
    const file = await session.guard(() => photosRepo(session.backend!).load(address))
    if (options.keep) void keptPhotos.keep(address, file)
    return file
  }

  /** The photo may be released meanwhile. */
  async function show(address: PhotoAddress): Promise<void> {
    const { hash } = address
    const begun: ShownPhoto = { src: null, failed: false }
    const set = (photo: ShownPhoto): void => {
      shown.value = new Map(shown.value).set(hash, photo)
    }
    set(begun)
    const file = await load(address).catch(() => null)
    if (shown.value.get(hash) !== begun) return
    set(file ? { src: URL.createObjectURL(file), failed: false } : { src: null, failed: true })
  }

  function letGo(hashes: Iterable<string>): void {
    const left = new Map(shown.value)
    for (const hash of hashes) {
      const src = left.get(hash)?.src
      if (src) URL.revokeObjectURL(src)
      left.delete(hash)
    }
    shown.value = left
  }

  watch(
    addresses,
    (wanted) => {
      const hashes = new Set(wanted.map(({ hash }) => hash))
      letGo([...shown.value.keys()].filter((hash) => !hashes.has(hash)))
      for (const address of wanted) {
        const known = shown.value.get(address.hash)
        if (!known || known.failed) void show(address)
      }
    },
    { immediate: true },
  )
  onScopeDispose(() => letGo([...shown.value.keys()]))
  return computed(() => (hash) => shown.value.get(hash) ?? { src: null, failed: false })
}
