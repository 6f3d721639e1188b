/**
 * The build replaces realtime-js and storage-js with these stubs: supabase-js creates both, but we
 * use neither.
 */
export class RealtimeClient {
  setAuth(): Promise<void> {
    return Promise.resolve()
  }
}

export class StorageClient {}

export class StorageApiError extends Error {}
