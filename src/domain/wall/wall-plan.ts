/** Tiles of the wall 大屏, in the order in which they are offered. */
export const wallTiles = ['open', 'map', 'trend', 'ranking', 'rates', 'satisfied'] as const
export type WallTile = (typeof wallTiles)[number]

/** Tiles side by side. */
export const tilesPerView = [1, 2, 4, 6] as const
export type TilesPerView = (typeof tilesPerView)[number]

/** The shape of a tile: the whole screen, half of its width, a quarter, or a third of half of its height. */
export type TileRoom = 'whole' | 'tall' | 'quarter' | 'sixth'

/**
 * Of three tiles the first fills one side. Five or six stand three abreast, the first of five twice as wide.
 * @param at place in the view
 * @param shown tiles in the view
 */
export function roomOf(at: number, shown: number): TileRoom {
  if (shown <= 1) return 'whole'
  if (shown === 2 || (shown === 3 && at === 0)) return 'tall'
  return shown <= 4 || (shown === 5 && at === 0) ? 'quarter' : 'sixth'
}

/** The wall's arrangement, as its address holds it. */
export interface WallPlan {
  tiles: readonly WallTile[]
  per: TilesPerView
  /** Seconds a view stays. */
  every: number
}

export const usualPlan: WallPlan = { tiles: wallTiles, per: 2, every: 30 }
export const everyLimits = { least: 5, most: 600 } as const

type Query = Record<string, unknown>

/** Reads the address; what it does not understand is as usual. Unknown and doubled tiles are left out. */
export function planFromQuery(query: Query): WallPlan {
  const named = String(query['tiles'] ?? '').split(',')
  const tiles = [...new Set(named)].filter((name): name is WallTile =>
    wallTiles.some((tile) => tile === name),
  )
  const per = tilesPerView.find((one) => String(one) === query['per']) ?? usualPlan.per
  const every = Number(query['every'])
  const isKept = Number.isInteger(every) && every >= everyLimits.least && every <= everyLimits.most
  return {
    tiles: tiles.length > 0 ? tiles : usualPlan.tiles,
    per,
    every: isKept ? every : usualPlan.every,
  }
}

export const queryOfPlan = ({ tiles, per, every }: WallPlan): Record<string, string> => ({
  tiles: tiles.join(','),
  per: String(per),
  every: String(every),
})

/** The tiles of each view, in turn. */
export function viewsOf({ tiles, per }: Pick<WallPlan, 'tiles' | 'per'>): WallTile[][] {
  return Array.from({ length: Math.ceil(tiles.length / per) }, (_, at) =>
    tiles.slice(at * per, (at + 1) * per),
  )
}

/** Data older than this are said to stand still: nine polls have brought nothing. */
export const staleAfterMs = 180_000

/** @param answeredAt when the server last answered, null before @param now both in ms */
export const isStale = (answeredAt: number | null, now: number): boolean =>
  answeredAt !== null && now - answeredAt > staleAfterMs
