/** The instant of an answer's head, to the second. */
const headMs = 1000

/** Compares the device's clock with the server's at each answer. */
export interface ServerClock {
  /** The server's clock less the device's, in milliseconds; null before the first answer. */
  skewMs: () => number | null
  /** Takes in an answer: device milliseconds before and after it. */
  note: (response: Response, askedAt: number, answeredAt: number) => void
  /** Returns the way to stop. */
  onChange: (listener: () => void) => () => void
}

/**
 * A head's time is cut to the second, and the way of the answer is not known: a measure counts only
 * where it contradicts the one before.
 */
export function serverClock(): ServerClock {
  let skew: number | null = null
  const listeners = new Set<() => void>()
  return {
    skewMs: () => skew,
    note({ ok, headers }, askedAt, answeredAt) {
      const said = Date.parse(headers.get('date') ?? '')
      const isOurs = ok && (headers.get('content-type')?.includes('json') ?? false)
      if (!isOurs || Number.isNaN(said) || answeredAt < askedAt) return
      const least = said - answeredAt
      const most = said + headMs - askedAt
      if (skew !== null && skew >= least && skew <= most) return
      skew = Math.round((least + most) / 2)
      for (const listener of listeners) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
