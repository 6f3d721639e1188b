import type { CommandTitle, Fact } from './command-type.ts'

interface Said {
  categoryCode?: string
  severity?: number
  lon?: number
  lat?: number
  accuracyMeters?: number
  addressLabel?: string
  description?: string
  note?: string
  deviceAt?: string
}

export const titleOf = (said: Said): CommandTitle => ({
  categoryCode: said.categoryCode ?? null,
  lon: said.lon ?? null,
  lat: said.lat ?? null,
  text: said.description ?? said.note ?? '',
  addressLabel: said.addressLabel ?? '',
})

/** @param withEmptied includes emptied texts */
export function factsOf(said: Said, { withEmptied = false } = {}): Fact[] {
  const facts: Fact[] = []
  const { categoryCode, severity, lon, lat, accuracyMeters, deviceAt } = said
  if (categoryCode !== undefined)
    facts.push({ name: 'categoryCode', as: 'category', code: categoryCode })
  if (severity !== undefined) facts.push({ name: 'severity', as: 'severity', level: severity })
  for (const name of ['description', 'note', 'addressLabel'] as const) {
    const text = said[name]
    if (text || (text === '' && withEmptied)) facts.push({ name, as: 'text', text })
  }
  if (lon !== undefined && lat !== undefined) facts.push({ name: 'place', as: 'place', lon, lat })
  if (accuracyMeters !== undefined)
    facts.push({ name: 'accuracyMeters', as: 'distance', meters: accuracyMeters })
  if (deviceAt) facts.push({ name: 'deviceAt', as: 'instant', at: deviceAt })
  return facts
}
