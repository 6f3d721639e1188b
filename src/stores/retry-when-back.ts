import { watch } from 'vue'
import type { AppError } from '@/data/errors.ts'
import { useColumnsStore } from './columns.store.ts'

/** Asks again, once the server answers, for what could not be fetched without a network. */
export function retryWhenBack(error: () => AppError | null, retry: () => void): void {
  const columns = useColumnsStore()
  watch(
    () => columns.answers,
    () => {
      if (error()?.kind === 'offline') retry()
    },
  )
}
