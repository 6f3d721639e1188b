import { defineStore } from 'pinia'
import type { PhotoAddress } from '@/data/photos.repo.ts'
import { useKeptSet } from './kept-set.ts'

interface Entry {
  /** The photo's hash. */
  id: string
  bytes: number
}

/** About fifty photos. */
const maxBytes = 24 * 1024 * 1024

/** Photos of other people for offline work: first ones of tasks. Erased at sign-out. */
export const useKeptPhotosStore = defineStore('kept-photos', () => {
  const { keyOf, change, write } = useKeptSet<Entry>('photo')

  async function read({ hash, mediaType }: PhotoAddress): Promise<Blob | null> {
    let found: Blob | null = null
    await change(async (kv, { entries }) => {
      if (!entries.some(({ id }) => id === hash)) return
      const bytes = await kv.get<ArrayBuffer>(keyOf(hash))
      if (bytes) found = new Blob([bytes], { type: mediaType })
    })
    return found
  }

  /** Those kept longest make room. */
  async function keep({ hash }: PhotoAddress, file: Blob): Promise<void> {
    // IndexedDB takes bytes: Safari corrupts blobs.
    const bytes = await file.arrayBuffer()
    await change(async (kv, index) => {
      let left = maxBytes
      const entries = [
        { id: hash, bytes: bytes.byteLength },
        ...index.entries.filter(({ id }) => id !== hash),
      ].filter((entry) => (left -= entry.bytes) >= 0)
      await write(kv, index, entries)
      if (entries[0]?.id === hash) await kv.set(keyOf(hash), bytes)
    })
  }

  return { read, keep }
})
