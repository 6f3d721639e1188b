import { getIcon, setCustomIconLoader } from '@iconify/vue'

/** Stands for an icon that a city's own category names but the build does not hold. */
const fallback = 'lucide:map-pin'

/** Keeps the icon kit off the net: what is not bundled is shown as a pin instead of being fetched. */
export const keepIconsLocal = (): void =>
  setCustomIconLoader(() => getIcon(fallback) ?? null, 'lucide')
