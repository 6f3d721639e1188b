interface Node {
  idx: number
  code: string
  parentCode: string | null
}

/** Adds the counts of all nodes below. Skips missing parents. */
export function rollUp(counts: ArrayLike<number>, nodes: readonly Node[]): Uint32Array {
  const byCode = new Map(nodes.map((node) => [node.code, node]))
  const length = nodes.reduce((most, node) => Math.max(most, node.idx + 1), counts.length)
  const sums = new Uint32Array(length)
  for (const node of nodes) {
    const count = counts[node.idx] ?? 0
    if (!count) continue
    let at: Node | undefined = node
    // Ends a loop in bad data.
    for (let depth = 0; at && depth < 16; depth++) {
      sums[at.idx] = (sums[at.idx] ?? 0) + count
      at = at.parentCode === null ? undefined : byCode.get(at.parentCode)
    }
  }
  return sums
}
