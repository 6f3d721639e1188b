/** Most serious first. */
export const notices = ['insecure', 'low-space', 'seven-days', 'old-unsent', 'install'] as const
export type Notice = (typeof notices)[number]
/** 0 hides the notice. */
export type Gravities = Record<Notice, number>

interface DeviceState {
  isSecure: boolean
  /** Bytes; null when unknown. */
  freeBytes: number | null
  lowBytes: number
  forgetsAfterDays: number | null
  canInstall: boolean
  unsent: number
  /** Whole days for which the oldest unsent item or draft has waited; null without one. */
  unsentDays: number | null
  /** Whether the browser promised to keep the storage; null when it does not tell. */
  isPersisted: boolean | null
  /** In quiet hours only dangers to unsent work are told. */
  isQuiet: boolean
}

export const gravitiesOf = (state: DeviceState): Gravities => ({
  insecure: state.isSecure ? 0 : 1,
  'low-space': lowness(state),
  'seven-days': state.forgetsAfterDays === null ? 0 : state.unsent > 0 ? 2 : state.isQuiet ? 0 : 1,
  'old-unsent': state.isPersisted === true ? 0 : (state.unsentDays ?? 0),
  install: state.canInstall && !state.isQuiet ? 1 : 0,
})

/** Device instant since which the oldest has waited: an item since it was made, a draft since its last change. */
export const waitsSince = (
  items: readonly { at: string }[],
  drafts: readonly { updatedAt: string }[],
): string | null =>
  [...items.map(({ at }) => at), ...drafts.map(({ updatedAt }) => updatedAt)].toSorted()[0] ?? null

/** Grows by one each time the free space halves. */
function lowness({ freeBytes, lowBytes }: DeviceState): number {
  if (freeBytes === null || freeBytes >= lowBytes) return 0
  return 1 + Math.floor(Math.log2(lowBytes / Math.max(freeBytes, 1)))
}

/** First notice that was not dismissed, or became more serious. */
export const noticeToShow = (now: Gravities, putAside: Partial<Gravities>): Notice | null =>
  notices.find((one) => now[one] > (putAside[one] ?? 0)) ?? null
