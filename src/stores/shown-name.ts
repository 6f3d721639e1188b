const pending = '…'

/** A name for people: its code stands for it only where the city has no such name, never while names load. */
export const shownName = (name: string | undefined, code: string, loaded: boolean): string =>
  name ?? (loaded ? code : pending)
