import { getIcon, setCustomIconLoader } from '@iconify/vue'

/** Replaces icons of a city's categories that the build lacks. */
const fallback = 'lucide:map-pin'

/** Shows a pin for icons that are not bundled, instead of fetching them from the net. */
export const keepIconsLocal = (): void =>
  setCustomIconLoader(() => getIcon(fallback) ?? null, 'lucide')
