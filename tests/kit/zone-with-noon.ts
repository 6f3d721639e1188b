/** A time zone in which it is between 12 and 13 o'clock. */
export function zoneWithNoon(now: Date): string {
  const hoursAhead = 12 - now.getUTCHours()
  // the signs of these names are reversed
  return `Etc/GMT${hoursAhead > 0 ? '-' : '+'}${Math.abs(hoursAhead)}`
}
