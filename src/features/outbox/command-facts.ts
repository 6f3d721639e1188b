import type { NewCommand } from '@/domain/command/command.ts'

/** One thing a command says, still without words: the page translates by `name`. */
export type Fact =
  | { name: 'categoryCode'; code: string }
  | { name: 'severity'; level: number }
  | { name: 'place'; lon: number; lat: number }
  | { name: 'accuracyMeters'; meters: number }
  | { name: 'description' | 'note' | 'addressLabel'; text: string }
  | { name: 'deviceAt'; at: string }

/** What a command says, in the order in which a person would read it. */
export function factsOf({ type, payload }: NewCommand): Fact[] {
  const said: {
    categoryCode?: string
    severity?: number
    lon?: number
    lat?: number
    accuracyMeters?: number
    addressLabel?: string
    description?: string
    note?: string
    deviceAt?: string
  } = type === 'correct_incident' ? { ...payload.changes, deviceAt: payload.deviceAt! } : payload
  const facts: Fact[] = []
  if (said.categoryCode !== undefined) facts.push({ name: 'categoryCode', code: said.categoryCode })
  if (said.severity !== undefined) facts.push({ name: 'severity', level: said.severity })
  for (const name of ['description', 'note', 'addressLabel'] as const) {
    const text = said[name]
    // An emptied text is something said only where it changes what stood there.
    if (text || (text === '' && type === 'correct_incident')) facts.push({ name, text })
  }
  if (said.lon !== undefined && said.lat !== undefined)
    facts.push({ name: 'place', lon: said.lon, lat: said.lat })
  if (said.accuracyMeters !== undefined)
    facts.push({ name: 'accuracyMeters', meters: said.accuracyMeters })
  if (said.deviceAt) facts.push({ name: 'deviceAt', at: said.deviceAt })
  return facts
}
