/** The session auth-js keeps on this device, without asking auth-js, which may wait for a network. */
export interface KeptSession {
  /** Its access token, expired or not; null when there is no session. */
  accessToken(): string | null
  /** Forgets it, and with it any renewal under way. */
  remove(): void
}

/** @param storage where auth-js was told to keep it; the browser's local storage when it was not */
export function keptSession(
  key: string,
  storage: Storage | undefined,
  cancelRenewal: () => void,
): KeptSession {
  // Reading the property alone throws where a browser forbids storage.
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
        // what could not be kept need not be removed
      }
      cancelRenewal()
    },
  }
}
