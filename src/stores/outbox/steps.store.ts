import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { isStep, type NewCommand } from '@/domain/command/types/index.ts'
import type { TransitionPayload } from '@/domain/command/types/transition.ts'
import { stepFieldsOf, stepValuesOf } from '@/domain/workflow/step-values.ts'
import type { QueuedItem } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'

/** So long a step can be undone. */
export const undoMs = 10_000

/** Under this key `useKept` keeps a step's form. */
export const stepKey = (incidentId: string, name: string): string => `step:${incidentId}:${name}`

export interface StepTaken {
  incident: { id: string; version: number }
  name: string
  canUndo: boolean
  /** The payload's fields beside the frame. */
  fields: Record<string, unknown>
}

export const stepCommand = ({
  incident,
  name,
  fields,
}: Omit<StepTaken, 'canUndo'>): NewCommand<'transition'> => ({
  type: 'transition',
  payload: {
    ...Object.fromEntries(stepFieldsOf(fields)),
    incidentId: incident.id,
    baseVersion: incident.version,
    name,
    deviceAt: new Date().toISOString(),
  },
})

/** Steps of incidents that this device takes and takes back. */
export const useStepsStore = defineStore('steps', () => {
  const outboxStore = useOutboxStore()
  /** The step undone last: its form opens again. */
  const givenBack = shallowRef<{ incidentId: string; name: string } | null>(null)

  /** Resolves once stored on the device. @throws OutboxError */
  async function take(step: StepTaken): Promise<QueuedItem> {
    const outbox = await outboxStore.whenOpen()
    return outbox.enqueue(stepCommand(step), step.canUndo ? { holdMs: undoMs } : {})
  }

  /** One step of many incidents, all or none. Returns the items' ids in order. @throws OutboxError */
  async function takeAll(
    incidents: readonly Pick<StepTaken, 'incident' | 'fields'>[],
    { name, canUndo }: Pick<StepTaken, 'name' | 'canUndo'>,
  ): Promise<string[]> {
    const outbox = await outboxStore.whenOpen()
    return outbox.enqueueAll(
      incidents.map(({ incident, fields }) => stepCommand({ incident, name, fields })),
      canUndo ? { holdMs: undoMs } : {},
    )
  }

  /** Returns false when too late. The form keeps what was entered. @throws OutboxError */
  async function undo(itemId: string): Promise<boolean> {
    const outbox = await outboxStore.whenOpen()
    const command = await outbox.takeBack(itemId)
    if (!command || !isStep(command)) return false
    const { incidentId, name }: TransitionPayload = command.payload
    await outbox.kv.set(stepKey(incidentId, name), stepValuesOf(command.payload))
    givenBack.value = { incidentId, name }
    return true
  }

  return { givenBack, take, takeAll, undo }
})
