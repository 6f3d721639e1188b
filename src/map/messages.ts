import type { MapMessages } from './types.ts'

const keys = [
  'mapTitle',
  'zoomIn',
  'zoomOut',
  'resetNorth',
  'enterFullscreen',
  'exitFullscreen',
  'locate',
  'meters',
  'kilometers',
] as const satisfies readonly (keyof MapMessages)[]

/** The map's own texts in the language of `t`; they live in `locales/<language>/map.json`. */
export const mapMessages = (t: (key: string) => string): MapMessages =>
  Object.fromEntries(keys.map((key) => [key, t(`map.${key}`)])) as unknown as MapMessages
