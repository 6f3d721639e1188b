import type { AreaFeatures } from '@/data/areas.repo.ts'

/** Rings of degrees by area code, as `outlinePaths` draws them. */
export type Outlines = ReadonlyMap<string, readonly (readonly number[])[]>

export const outlinesOf = ({ features }: AreaFeatures): Outlines =>
  new Map(
    features.map(({ properties: { code }, geometry }) => {
      const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
      return [code, polygons.flat().map((ring) => ring.flat())]
    }),
  )
