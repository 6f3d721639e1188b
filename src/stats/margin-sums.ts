import { transposed, type Weights } from './weights.ts'

/** Sums of the weights for the variances of global I and G. */
export interface MarginSums {
  /** Areas with neighbours. */
  n: number
  /** Σᵢⱼ wᵢⱼ */
  s0: number
  /** ½ Σᵢⱼ (wᵢⱼ + wⱼᵢ)² */
  s1: number
  /** Σᵢ (Σⱼ wᵢⱼ + Σⱼ wⱼᵢ)² */
  s2: number
}

/** Source: A. D. Cliff and J. K. Ord, Spatial Processes (1981); n as spdep's `adjust.n`. */
export function marginSums(weights: Weights): MarginSums {
  const turned = transposed(weights)
  let n = 0
  let s0 = 0
  let s1 = 0
  let s2 = 0
  for (let i = 0; i < weights.n; i++) {
    const end = weights.starts[i + 1]!
    if (weights.starts[i]! < end) n++
    let row = 0
    let column = 0
    let back = turned.starts[i]!
    const backEnd = turned.starts[i + 1]!
    for (let e = weights.starts[i]!; e < end; e++) {
      const area = weights.neighbours[e]!
      const weight = weights.weights ? weights.weights[e]! : 1
      row += weight
      while (back < backEnd && turned.neighbours[back]! < area) back++
      const both = back < backEnd && turned.neighbours[back] === area
      const reverse = both ? (turned.weights ? turned.weights[back]! : 1) : 0
      // ½(w + v)² over both directions is w² + wv summed over the entries that are there.
      s1 += weight * weight + weight * reverse
    }
    for (let e = turned.starts[i]!; e < backEnd; e++)
      column += turned.weights ? turned.weights[e]! : 1
    s0 += row
    s2 += (row + column) * (row + column)
  }
  return { n, s0, s1, s2 }
}
