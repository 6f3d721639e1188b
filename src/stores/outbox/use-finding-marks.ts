import { computed, shallowRef, watch, type ComputedRef } from 'vue'
import { findingsRepo } from '@/data/findings.repo.ts'
import {
  noMarks,
  withChanges,
  type FindingChange,
  type FindingMarks,
} from '@/domain/answers/finding-marks.ts'
import { isWithin } from '@/domain/city/area.ts'
import { findingChangeOf, isOfIncident, type NewCommand } from '@/domain/command/types/index.ts'
import { useAreasStore } from '../areas.store.ts'
import type { ServerAnswer } from '../server-query.ts'
import { useOutboxStore } from './outbox.store.ts'
import { undoMs } from './steps.store.ts'
import { useKeptAnswer } from './use-kept-answer.ts'
import { useOutboxItems } from './use-outbox-items.ts'

/** More are never waiting at once. */
const maxItems = 2000

interface Unsent {
  id: string
  change: FindingChange
  at: string
  /** Refused: the outbox shows it, and it has no effect. */
  isStuck: boolean
}

export interface MarksHere extends Omit<ServerAnswer<FindingMarks>, 'data'> {
  /** The server's, kept for offline reading, with what this device has not sent yet. */
  marks: ComputedRef<FindingMarks>
  mayMark(areaCode: string): boolean
  /** Resolves to the item's id once stored on the device. @throws OutboxError */
  send(command: NewCommand): Promise<string>
  /** Null when too late. @throws OutboxError */
  undo(itemId: string): Promise<NewCommand | null>
}

/** Follow-ups and findings not of interest, with commands that change them. */
export function useFindingMarks(): MarksHere {
  const outboxStore = useOutboxStore()
  const areas = useAreasStore()
  const { data, ...answer } = useKeptAnswer<FindingMarks>('finding-marks', (backend, _, signal) =>
    findingsRepo(backend).marks(signal),
  )
  const { items } = useOutboxItems<Unsent[]>(async (outbox) => {
    const page = await outbox.page({
      states: ['queued', 'sending', 'conflict', 'rejected'],
      limit: maxItems,
    })
    const own = await Promise.all(
      page.filter(({ type }) => !isOfIncident(type)).map(({ id }) => outbox.item(id)),
    )
    return own.flatMap((item) => {
      const change = item?.command && findingChangeOf(item.command)
      if (!change) return []
      const isStuck = item.state === 'rejected' || item.state === 'conflict'
      return [{ id: item.id, change, at: item.at, isStuck }]
    })
  }, [])

  /** Received, but not in the server's last answer yet. */
  const arrived = shallowRef<readonly Unsent[]>([])
  const takenBack = new Set<string>()
  watch(items, (now, before) => {
    const ids = new Set(now.map(({ id }) => id))
    const gone = before.filter(({ id, isStuck }) => !isStuck && !ids.has(id) && !takenBack.has(id))
    if (gone.length > 0) arrived.value = [...arrived.value, ...gone]
  })
  watch(data, () => (arrived.value = []))

  const marks = computed(() =>
    withChanges(data.value ?? noMarks, [
      ...arrived.value,
      ...items.value.filter(({ isStuck }) => !isStuck),
    ]),
  )

  return {
    ...answer,
    marks,
    mayMark(areaCode) {
      const area = areas.byCode(areaCode)
      return marks.value.makesIn.some((code) => {
        const root = areas.byCode(code)
        return area !== undefined && root !== undefined && isWithin(area, root)
      })
    },
    async send(command) {
      const outbox = await outboxStore.whenOpen()
      return (await outbox.enqueue(command, { holdMs: undoMs })).id
    },
    async undo(itemId) {
      const outbox = await outboxStore.whenOpen()
      takenBack.add(itemId)
      return outbox.takeBack(itemId)
    },
  }
}
