import { getIcon, setCustomIconLoader } from '@iconify/vue'

const fallback = 'lucide:map-pin'

/** Shows a pin for icons outside the bundle, instead of fetching them. */
export const keepIconsLocal = (): void =>
  setCustomIconLoader(() => getIcon(fallback) ?? null, 'lucide')
