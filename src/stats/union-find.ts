/** Disjoint sets over 0 … n − 1; the lower root stays. */
export class UnionFind {
  private readonly parents: Uint32Array

  constructor(n: number) {
    this.parents = new Uint32Array(n)
    for (let i = 0; i < n; i++) this.parents[i] = i
  }

  find(i: number): number {
    const { parents } = this
    while (parents[i] !== i) {
      // Halves the path, so that later walks are short.
      parents[i] = parents[parents[i]!]!
      i = parents[i]!
    }
    return i
  }

  /** Whether the two were apart. */
  join(a: number, b: number): boolean {
    const [one, other] = [this.find(a), this.find(b)]
    if (one === other) return false
    this.parents[Math.max(one, other)] = Math.min(one, other)
    return true
  }
}
