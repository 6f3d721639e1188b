import { standardisedRatio } from '../../stats/sir.ts'

export interface ChannelCount {
  channel: string
  /** In the areas in question. */
  here: number
  /** In all areas that the caller sees. */
  city: number
}

export interface ChannelShare extends ChannelCount {
  /** Here ÷ expected by the city's share, with its exact 95 % interval. */
  ratio: number
  low: number
  high: number
}

/** Compares channels of some areas with the city's. Channels that the areas lack are left out. */
export function channelShares(counts: readonly ChannelCount[]) {
  const sum = (of: 'here' | 'city'): number => counts.reduce((total, one) => total + one[of], 0)
  const [here, city] = [sum('here'), sum('city')]
  const shares = counts
    .filter((one) => one.here > 0)
    .map((one): ChannelShare => {
      const { ratio, low, high } = standardisedRatio(one.here, (here * one.city) / city)
      return { ...one, ratio: ratio!, low: low!, high: high! }
    })
  return { here, city, shares }
}
