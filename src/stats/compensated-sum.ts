/**
 * Neumaier's compensated sum: keeps the low-order parts that adding a large to a small number drops.
 * Source: A. Neumaier, ZAMM 54 (1974).
 */
export function compensatedSum(values: ArrayLike<number>): number {
  let sum = 0
  let lost = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + lost
}
