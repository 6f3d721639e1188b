import { readFileSync } from 'node:fs'
import { booleanPointInPolygon, pointOnFeature } from '@turf/turf'
import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import type { Page } from 'playwright'
import { stillPicture } from './still-picture.ts'

export interface LegendRow {
  /** As on the screen: `rgb(…)`. */
  color: string
  label: string
  areas: string
}

export const legendRows = (page: Page): Promise<LegendRow[]> =>
  page
    .getByTestId('legend')
    .locator('li')
    .evaluateAll((rows) =>
      rows.map((row) => {
        const [label = '', areas = ''] = (row as HTMLElement).innerText.split('\n')
        const swatch = row.querySelector('[data-testid=swatch]')!
        return { color: getComputedStyle(swatch).backgroundColor, label, areas }
      }),
    )

/** A place in each area of the demo's level that holds a square of `size` pixels around it, by code. */
export function insidePlaces(
  level: 'community' | 'grid',
  zoom: number,
  size: number,
): Map<string, [lng: number, lat: number]> {
  const file = readFileSync(`supabase/seed/demo/areas_${level}.geojson`, 'utf8')
  const { features } = JSON.parse(file) as FeatureCollection<
    Polygon | MultiPolygon,
    { code: string }
  >
  const step = ((size / 2) * 360) / (512 * 2 ** zoom)
  const places = new Map<string, [number, number]>()
  for (const feature of features) {
    const [lng, lat] = pointOnFeature(feature).geometry.coordinates as [number, number]
    const up = step * Math.cos((lat * Math.PI) / 180)
    const corners = [-1, 1].flatMap((x) => [-1, 1].map((y) => [lng + x * step, lat + y * up]))
    if (corners.every((corner) => booleanPointInPolygon(corner, feature)))
      places.set(feature.properties.code, [lng, lat])
  }
  return places
}

/** Pixels from the page's left top; the view is `at` of the URL: zoom, latitude, longitude. */
export async function pixelOf(
  page: Page,
  [lng, lat]: readonly [number, number],
): Promise<{ x: number; y: number }> {
  const [zoom = 0, centerLat = 0, centerLng = 0] = new URL(page.url()).searchParams
    .get('at')!
    .split('/')
    .map(Number)
  const box = (await page.getByTestId('map').boundingBox())!
  const world = 512 * 2 ** zoom
  const northing = (of: number): number => Math.asinh(Math.tan((of * Math.PI) / 180))
  return {
    x: box.x + box.width / 2 + ((lng - centerLng) / 360) * world,
    y: box.y + box.height / 2 - ((northing(lat) - northing(centerLat)) / (2 * Math.PI)) * world,
  }
}

/** The most frequent colour in the squares around the places: streets and names are fewer. */
export async function colorsAround(
  page: Page,
  places: readonly { x: number; y: number }[],
  size: number,
): Promise<string[]> {
  const png = await stillPicture(() => page.screenshot())
  return page.evaluate(
    async ({ data, places: wanted, size: side }) => {
      const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0))
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!
      context.drawImage(image, 0, 0)
      return wanted.map(({ x, y }) => {
        const pixels = context.getImageData(x - side / 2, y - side / 2, side, side).data
        const counts = new Map<string, number>()
        for (let i = 0; i < pixels.length; i += 4) {
          const color = `rgb(${pixels[i]}, ${pixels[i + 1]}, ${pixels[i + 2]})`
          counts.set(color, (counts.get(color) ?? 0) + 1)
        }
        return [...counts].toSorted((a, b) => b[1] - a[1])[0]![0]
      })
    },
    { data: png.toString('base64'), places, size },
  )
}
