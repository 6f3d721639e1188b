/** Returns the archive file kept on the device, or null. */
export type ArchiveLookup = (url: string) => Promise<Blob | null>

let lookup: ArchiveLookup = async () => null
let generation = 0

/**
 * Sets the lookup for kept archives. Call again after adding or removing one: maps then read its
 * directories anew. Loads no library.
 */
export function keepArchives(next: ArchiveLookup): void {
  lookup = next
  generation++
}

export const keptArchives = {
  find: (url: string): Promise<Blob | null> => lookup(url),
  /** Grows with every change. */
  get generation(): number {
    return generation
  },
}
