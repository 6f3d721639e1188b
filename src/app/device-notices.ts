/** What may be said about the device, the gravest first. */
export const notices = ['insecure', 'low-space', 'seven-days', 'install'] as const
export type Notice = (typeof notices)[number]
/** How grave each is; 0 where there is nothing to say. */
export type Gravities = Record<Notice, number>

interface DeviceState {
  isSecure: boolean
  /** Bytes; null where the browser does not tell. */
  freeBytes: number | null
  lowBytes: number
  forgetsAfterDays: number | null
  canInstall: boolean
  unsent: number
}

export const gravitiesOf = (state: DeviceState): Gravities => ({
  insecure: state.isSecure ? 0 : 1,
  'low-space': lowness(state),
  // Forgetting nothing and forgetting somebody's work are two things.
  'seven-days': state.forgetsAfterDays === null ? 0 : state.unsent > 0 ? 2 : 1,
  install: state.canInstall ? 1 : 0,
})

/** Grows by one with every halving of what is left. */
function lowness({ freeBytes, lowBytes }: DeviceState): number {
  if (freeBytes === null || freeBytes >= lowBytes) return 0
  return 1 + Math.floor(Math.log2(lowBytes / Math.max(freeBytes, 1)))
}

/** The first that was not put aside, or has become graver since it was. */
export const noticeToShow = (now: Gravities, putAside: Partial<Gravities>): Notice | null =>
  notices.find((one) => now[one] > (putAside[one] ?? 0)) ?? null
