/** Read without auth-js, which may wait for a network. */
export interface KeptSession {
  /** May be expired. */
  accessToken(): string | null
  /** Also cancels a running renewal. */
  remove(): void
}

/** @param storage as given to auth-js */
export function keptSession(
  key: string,
  storage: Storage | undefined,
  cancelRenewal: () => void,
): KeptSession {
  // Throws where storage is forbidden.
  const place = (): Storage | undefined => storage ?? globalThis.localStorage
  return {
    accessToken() {
      try {
        const session: unknown = JSON.parse(place()?.getItem(key) ?? 'null')
        const token = (session as { access_token?: unknown } | null)?.access_token
        return typeof token === 'string' ? token : null
      } catch {
        return null
      }
    },
    remove() {
      try {
        place()?.removeItem(key)
      } catch {
        // no storage, so nothing is kept
      }
      cancelRenewal()
    },
  }
}
