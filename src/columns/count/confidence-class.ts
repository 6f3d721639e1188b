export const confidenceLevels = [0.1, 0.05, 0.01] as const

/** ±1, ±2, ±3 for 90, 95 and 99 %, with the sign of `direction`; 0 where it may be chance. */
export const confidenceClass = (p: number, direction: number): number =>
  Math.sign(direction) * confidenceLevels.filter((level) => p <= level).length
