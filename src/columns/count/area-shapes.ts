import type { Polygons } from '../../stats/polygons.ts'
import { contiguity } from '../../stats/contiguity.ts'
import { withSelf, type Weights } from '../../stats/weights.ts'

/** The areas of a level that the person sees. */
export interface LevelShapes {
  /** `Area.idx` by polygon. */
  areas: Uint32Array
  polygons: Polygons
  /** By polygon; 0 is not known. */
  squareKm: Float64Array
  households: Float64Array
}

export interface KnownShapes extends LevelShapes {
  /** Queen neighbours, each area with itself. */
  neighbours: Weights
}

/** Two drawings of one border may lie so far apart; streets are wider. */
const toleranceMetres = 2

/** Finds neighbours when first asked for. */
export class AreaShapes {
  readonly #levels = new Map<string, LevelShapes>()
  readonly #neighbours = new Map<string, Weights>()

  set(level: string, shapes: LevelShapes): void {
    this.#levels.set(level, shapes)
    this.#neighbours.delete(level)
  }

  /** @throws RangeError for a level without shapes */
  of(level: string): KnownShapes {
    const shapes = this.#levels.get(level)
    if (!shapes) throw new RangeError(`the shapes of level ${level} were not sent`)
    let neighbours = this.#neighbours.get(level)
    if (!neighbours) {
      neighbours = withSelf(contiguity(shapes.polygons, 'queen', toleranceMetres).weights)
      this.#neighbours.set(level, neighbours)
    }
    return { ...shapes, neighbours }
  }
}
