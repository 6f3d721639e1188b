/**
 * Stands in for the parts of supabase-js that no call of ours reaches, so that the sign-in page does
 * not load them: the build puts it in the place of realtime-js (we poll on every tier) and storage-js
 * (photos go through our own fetch). supabase-js makes one of
 * each with every client and hands realtime the token.
 */
export class RealtimeClient {
  setAuth(): Promise<void> {
    return Promise.resolve()
  }
}

export class StorageClient {}

export class StorageApiError extends Error {}
