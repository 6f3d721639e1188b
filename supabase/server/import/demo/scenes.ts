/** Pictures of a fault and of the same place put right, drawn from simple shapes. */
import { seededRandom } from '../../base/seeded-random.ts'
import type { SeededRandom } from '../../base/seeded-random.ts'
import { jpegOf } from './jpeg-writer.ts'
import { Picture } from './picture.ts'
import type { Colour } from './picture.ts'

export type Side = 'before' | 'after'
type Scene = 'waste' | 'wall' | 'ground' | 'pole' | 'vehicle' | 'tree' | 'building'

/** Multiples of 8. */
const [width, height] = [480, 360]
/** Where the sidewalk and the road begin. */
const [sidewalkTop, roadTop] = [200, 250]

/** Leaf categories of the demo; all others are shown as a building. */
const sceneOf: Record<string, Scene> = {
  ...scenes('waste', [
    'street_cleaning',
    'bulky_items',
    'illegal_dumping',
    'hazardous_waste',
    'litter_bin',
    'exposed_garbage',
  ]),
  ...scenes('wall', ['graffiti_public', 'graffiti_private', 'illegal_posting']),
  ...scenes('ground', [
    'road_surface',
    'manhole_cover',
    'sidewalk_curb',
    'sewer',
    'water_supply',
    'storm_drain',
    'curb_marking',
  ]),
  ...scenes('pole', [
    'street_light',
    'traffic_sign',
    'traffic_signal',
    'parking_meter',
    'temporary_sign',
    'transit_shelter',
  ]),
  ...scenes('vehicle', ['abandoned_vehicle', 'blocked_sidewalk', 'unlicensed_taxi']),
  ...scenes('tree', ['street_tree', 'park_facility', 'street_furniture']),
}

function scenes(scene: Scene, categories: readonly string[]): Record<string, Scene> {
  return Object.fromEntries(categories.map((category) => [category, scene]))
}

const drawers: Record<Scene, (picture: Picture, side: Side, random: SeededRandom) => void> = {
  waste(picture, side, random) {
    const x = random.whole(120, 300)
    picture.rect(70, 160, 36, 62, '#3f6b4f')
    picture.rect(66, 154, 44, 10, '#2f523c')
    if (side === 'after') return
    for (let n = 0; n < 7; n++) {
      const [dx, dy] = [random.whole(-60, 60), random.whole(0, 34)]
      const colour = random.pick<Colour>(['#1f2937', '#374151', '#4b5563', '#2b3a55'])
      picture.ellipse(x + dx, 206 + dy, random.whole(16, 28), random.whole(14, 22), colour)
    }
    picture.rect(x - 20, 196, 52, 40, '#b08d57')
    picture.line(x - 20, 208, x + 32, 208, 3, '#8a6d3f')
  },
  wall(picture, side, random) {
    const wall = random.pick<Colour>(['#c8b39a', '#b9c2c9', '#cfc7b0'])
    picture.rect(60, 60, 360, 140, wall)
    for (let y = 74; y < 200; y += 18) picture.line(60, y, 420, y, 1, '#a39a8c')
    if (side === 'after') {
      picture.rect(130, 88, 220, 84, '#d9d2c3')
      return
    }
    const ink = random.pick<Colour>(['#b91c1c', '#6d28d9', '#0f766e'])
    let [x, y] = [140, 150]
    for (let n = 0; n < 9; n++) {
      const [nextX, nextY] = [x + random.whole(14, 30), random.whole(92, 168)]
      picture.line(x, y, nextX, nextY, 7, ink)
      ;[x, y] = [nextX, nextY]
    }
  },
  ground(picture, side, random) {
    const [x, y] = [random.whole(150, 330), random.whole(282, 300)]
    if (side === 'after') {
      picture.rect(x - 84, y - 24, 168, 46, '#43474d')
      return
    }
    picture.ellipse(x, y, 70, 22, '#2a2d31')
    picture.ellipse(x + 6, y + 4, 48, 13, '#191b1e')
    for (let n = 0; n < 6; n++)
      picture.line(x, y, x + random.whole(-120, 120), y + random.whole(-24, 22), 2, '#2a2d31')
  },
  pole(picture, side, random) {
    const x = random.whole(170, 300)
    const lean = side === 'before' ? random.whole(34, 60) : 0
    picture.line(x, 236, x + lean, 70, 9, '#4b5563')
    picture.rect(x + lean - 30, 48, 60, 40, side === 'before' ? '#7f1d1d' : '#1d4ed8')
    picture.rect(x + lean - 24, 54, 48, 28, side === 'before' ? '#9ca3af' : '#f8fafc')
    if (side === 'before') picture.line(x + lean - 24, 54, x + lean + 20, 80, 4, '#4b5563')
  },
  vehicle(picture, side, random) {
    if (side === 'after') return
    const x = random.whole(110, 220)
    const paint = random.pick<Colour>(['#7c2d12', '#475569', '#854d0e'])
    picture.rect(x + 30, 178, 100, 34, paint)
    picture.rect(x + 40, 184, 36, 22, '#cbd5e1')
    picture.rect(x + 84, 184, 36, 22, '#cbd5e1')
    picture.rect(x, 208, 170, 34, paint)
    for (const wheel of [x + 36, x + 132]) {
      picture.ellipse(wheel, 242, 18, 18, '#111827')
      picture.ellipse(wheel, 242, 7, 7, '#9ca3af')
    }
  },
  tree(picture, side, random) {
    const x = random.whole(150, 220)
    picture.line(x, 226, x, 120, 14, '#6b4a2b')
    picture.ellipse(x, 104, 62, 50, '#3f7d4a')
    picture.ellipse(x - 26, 118, 40, 30, '#356b3f')
    if (side === 'after') return
    picture.line(x + 60, 232, x + 190, 214, 10, '#6b4a2b')
    for (const along of [90, 124, 158, 186])
      picture.ellipse(x + along, 214 - (along % 3) * 6, 24, 16, '#4d7c3f')
  },
  building(picture, side, random) {
    const x = random.whole(150, 230)
    picture.rect(x - 8, 92, 116, 92, '#e5e7eb')
    picture.rect(x, 100, 100, 76, side === 'after' ? '#93c5fd' : '#1f2937')
    picture.line(x + 50, 100, x + 50, 176, 4, '#e5e7eb')
    if (side === 'after') return
    for (let n = 0; n < 7; n++)
      picture.line(x + 50, 138, x + random.whole(0, 100), 100 + random.whole(0, 76), 2, '#9ca3af')
  },
}

function street(picture: Picture, random: SeededRandom): void {
  picture.rect(0, 0, width, height, random.pick<Colour>(['#bcd3e6', '#c9d6dd', '#d6d3c4']))
  const walls = ['#a8a29e', '#9aa5b1', '#b6a28c', '#8f9aa3'] as const
  for (let left = 0; left < width; left += 96) {
    const top = random.whole(20, 70)
    picture.rect(left, top, 94, sidewalkTop - top, random.pick<Colour>(walls))
    for (let y = top + 12; y < sidewalkTop - 30; y += 32)
      for (let x = left + 12; x < left + 80; x += 28) picture.rect(x, y, 16, 18, '#dbe4ec')
  }
  picture.rect(0, sidewalkTop, width, roadTop - sidewalkTop, '#c4c4c0')
  picture.rect(0, roadTop, width, height - roadTop, '#5c6168')
  for (let x = 10; x < width; x += 80) picture.rect(x, 312, 44, 4, '#e5e7eb')
}

/**
 * A JPEG that says on itself that it is generated. The same arguments give the same bytes.
 * @param variant another place
 */
export function scenePhoto(category: string, side: Side, variant: number): Uint8Array<ArrayBuffer> {
  const scene = sceneOf[category] ?? 'building'
  const picture = new Picture(width, height)
  street(picture, seededRandom(variant))
  drawers[scene](picture, side, seededRandom(variant + 1000))
  picture.stamp()
  return jpegOf(picture)
}

export const photoSides = { width, height } as const
/** Categories with one scene share their photos. */
export const sceneName = (category: string): string => sceneOf[category] ?? 'building'
