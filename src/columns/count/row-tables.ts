import { notClosedMonth } from '../../domain/answers/columns.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'

const closedStage = stages.indexOf('closed')

/** By stage byte: 1 for open stages. */
export const openByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  const stage = stages[byte & 15]
  return stage && isOpenStage(stage) ? 1 : 0
})

/** By stage byte: 1 for stages that enter the backlog (open and closed). */
export const livedByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  openByte[byte] || (byte & 15) === closedStage ? 1 : 0,
)

/** Or-ed to a closing month: rejected and merged incidents never leave the backlog. */
export const neverLeft = livedByte.map((lived) => (lived ? 0 : notClosedMonth))

/** `Math.floor(minute / 1440)` without a division. */
export const dayOfMinute = (minute: number): number => Math.imul(minute, 46_604) >>> 26
