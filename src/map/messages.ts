import type { MapLook, MapMessages, MapTheme } from './types.ts'

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
  'noStreets',
] as const satisfies readonly (keyof MapMessages)[]

/** Map texts in the language of `t`, from `locales/<language>/map.json`. */
export const mapMessages = (t: (key: string) => string): MapMessages =>
  Object.fromEntries(keys.map((key) => [key, t(`map.${key}`)])) as unknown as MapMessages

export const mapLook = (theme: MapTheme, locale: string, t: (key: string) => string): MapLook => ({
  theme,
  locale: locale === 'zh-CN' ? 'zh-CN' : 'en',
  messages: mapMessages(t),
})
