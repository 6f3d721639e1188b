interface Node {
  idx: number
  code: string
  parentCode: string | null
}

/**
 * Sums per-leaf counts up the hierarchy: the answer holds, at every node's `idx`, its own count and
 * those of all below it. Works for areas and for categories alike.
 * @param counts by `idx`; missing entries count as 0
 * @param nodes the hierarchy; a parent that is not in the list is simply not counted
 */
export function rollUp(counts: ArrayLike<number>, nodes: readonly Node[]): Uint32Array {
  const byCode = new Map(nodes.map((node) => [node.code, node]))
  const length = nodes.reduce((most, node) => Math.max(most, node.idx + 1), counts.length)
  const sums = new Uint32Array(length)
  for (const node of nodes) {
    const count = counts[node.idx] ?? 0
    if (!count) continue
    let at: Node | undefined = node
    // A hierarchy is at most a few levels deep; the bound only guards against a loop in bad data.
    for (let depth = 0; at && depth < 16; depth++) {
      sums[at.idx] = (sums[at.idx] ?? 0) + count
      at = at.parentCode === null ? undefined : byCode.get(at.parentCode)
    }
  }
  return sums
}
