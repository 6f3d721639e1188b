import { useColumnsStore } from '@/stores/columns.store.ts'

/** Areas, categories and incidents load as soon as the session says whose. Its files are the shell's. */
export function startStores(): void {
  useColumnsStore()
}
