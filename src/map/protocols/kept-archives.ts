/** The file of a tile archive that the device keeps, or null where it has to be fetched. */
export type ArchiveLookup = (url: string) => Promise<Blob | null>

let lookup: ArchiveLookup = async () => null
let generation = 0

/**
 * Says where archives kept on the device are found. To be called again when one was added or
 * removed: what maps know of an archive's inside is then read anew. No library is loaded for it.
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
