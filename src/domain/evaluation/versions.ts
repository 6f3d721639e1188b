/** A city's score in force from a day on. Versions are never changed: a new one follows. */
export interface FormulaVersion {
  /** From 1. */
  version: number
  formula: string
  /** First local day, YYYY-MM-DD. */
  fromDay: string
  /** Why it was changed. */
  reason: string
}

/** The version in force on a local day; of two from the same day the later one. Null before the first. */
export function versionOn<Version extends FormulaVersion>(
  versions: readonly Version[],
  localDay: string,
): Version | null {
  let best: Version | null = null
  for (const one of versions) {
    if (one.fromDay > localDay) continue
    if (!best || one.fromDay > best.fromDay) best = one
    else if (one.fromDay === best.fromDay && one.version > best.version) best = one
  }
  return best
}
