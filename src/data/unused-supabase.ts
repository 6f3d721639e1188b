/**
 * Build replaces realtime-js and storage-js with these stubs, to keep them out of the sign-in page.
 * supabase-js creates one of each and passes realtime the token.
 */
export class RealtimeClient {
  setAuth(): Promise<void> {
    return Promise.resolve()
  }
}

export class StorageClient {}

export class StorageApiError extends Error {}
