import { onScopeDispose, ref, watchEffect } from 'vue'

/** Names what the page shows in the tab, in place of the page's title; null for that title. */
export const tabName = ref<string | null>(null)

/** For as long as the component lives and `name` gives one. */
export function useTabName(name: () => string | null): void {
  watchEffect(() => (tabName.value = name()))
  onScopeDispose(() => (tabName.value = null))
}
