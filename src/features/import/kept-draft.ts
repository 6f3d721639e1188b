/** Ends with the tab: a page that is loaded anew goes on from it. */
const key = 'wangge-import-draft'

/** A mapping in hand, and of which file it is. */
export interface KeptDraft {
  /** Arrival, layer and encoding of the file. */
  of: string
  draft: object
  areas: object
  update: boolean
}

export function keepDraft(kept: KeptDraft): void {
  try {
    sessionStorage.setItem(key, JSON.stringify(kept))
  } catch {
    // without a storage a new page begins with the proposal
  }
}

/** Null for another file. */
export function keptDraft(of: string): KeptDraft | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? 'null') as KeptDraft | null
    return kept?.of === of ? kept : null
  } catch {
    return null
  }
}
