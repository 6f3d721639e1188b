import { getIcon, setCustomIconLoader } from '@iconify/vue'

const fallback = 'lucide:map-pin'

/** Shows a pin for icons outside the bundle; never fetches. */
export const keepIconsLocal = (): void =>
  setCustomIconLoader(() => getIcon(fallback) ?? null, 'lucide')
