interface MinuteOptions {
  /** Epoch milliseconds. */
  now: () => number
  /** Called with minutes since 1970 in UTC, each once. */
  onMinute: (minute: number) => void
  page?: EventTarget & { visibilityState: string }
}

/** Ticks at once, then as each minute begins while the tab is visible. */
export function startMinutes({ now, onMinute, page = document }: MinuteOptions): {
  /** After a change of the clock. */
  look: () => void
  stop: () => void
} {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last = Number.NaN

  const look = () => {
    clearTimeout(timer)
    if (page.visibilityState !== 'visible') return
    const minute = Math.floor(now() / 60_000)
    if (minute !== last) onMinute((last = minute))
    timer = setTimeout(look, (minute + 1) * 60_000 - now())
  }

  page.addEventListener('visibilitychange', look)
  look()
  return {
    look,
    stop: () => {
      clearTimeout(timer)
      page.removeEventListener('visibilitychange', look)
    },
  }
}
