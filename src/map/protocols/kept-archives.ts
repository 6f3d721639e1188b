/** The device's copy, or null. */
export type ArchiveLookup = (url: string) => Promise<Blob | null>

let lookup: ArchiveLookup = async () => null
let generation = 0

/** Call again after adding or removing an archive: maps then read its directories anew. */
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
