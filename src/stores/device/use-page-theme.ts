import { useMutationObserver } from '@vueuse/core'
import { ref, type Ref } from 'vue'

/** Follows the root element's `dark` class. */
export function usePageTheme(): Readonly<Ref<'light' | 'dark'>> {
  const root = document.documentElement
  const current = (): 'light' | 'dark' => (root.classList.contains('dark') ? 'dark' : 'light')
  const theme = ref(current())
  useMutationObserver(root, () => (theme.value = current()), {
    attributes: true,
    attributeFilter: ['class'],
  })
  return theme
}
