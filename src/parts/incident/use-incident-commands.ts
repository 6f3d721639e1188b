import { ref, type Ref } from 'vue'
import { report } from '@/data/problems.ts'
import type { IncidentChanges } from '@/domain/command/types/correct-incident.ts'
import type { NewCommand } from '@/domain/command/types/index.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'

export interface IncidentCommands {
  busy: Readonly<Ref<boolean>>
  /** The last command was not queued. */
  failed: Readonly<Ref<boolean>>
  /** Each resolves to true once saved on the device. */
  note(note: string, asks: boolean): Promise<boolean>
  correct(baseVersion: number, changes: IncidentChanges): Promise<boolean>
}

export function useIncidentCommands(incidentId: () => string): IncidentCommands {
  const store = useOutboxStore()
  const busy = ref(false)
  const failed = ref(false)

  async function enqueue(command: NewCommand): Promise<boolean> {
    busy.value = true
    failed.value = false
    try {
      await (await store.whenOpen()).enqueue(command)
      return true
    } catch (failure) {
      report('outbox-write', failure)
      failed.value = true
      return false
    } finally {
      busy.value = false
    }
  }
  const about = () => ({ incidentId: incidentId(), deviceAt: new Date().toISOString() })

  return {
    busy,
    failed,
    note: (note, asks) =>
      enqueue({ type: 'add_note', payload: { ...about(), note, ...(asks && { asks }) } }),
    correct: (baseVersion, changes) =>
      enqueue({ type: 'correct_incident', payload: { ...about(), baseVersion, changes } }),
  }
}
