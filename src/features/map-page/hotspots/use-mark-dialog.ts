import { inject, provide, shallowRef, type InjectionKey, type Ref, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Dismissal, FindingFacts, FindingKey } from '@/domain/answers/finding-marks.ts'
import type { NewCommand } from '@/domain/command/types/index.ts'
import { useMarkCommands } from '@/parts/finding/use-mark-commands.ts'
import { useFindingMarks, type MarksHere } from '@/stores/outbox/use-finding-marks.ts'
import type { MarkForm } from './MarkDialog.vue'

/** The finding or place that a mark is made on. */
export interface MarkSubject {
  key: FindingKey
  title: string
  facts: FindingFacts
}

interface Asked extends MarkSubject {
  what: 'follow-up' | 'dismissal'
  entered: MarkForm | null
}

export interface MarkDialogContext extends Pick<MarksHere, 'marks' | 'mayMark'> {
  /** Null while the dialog is closed. */
  asked: ShallowRef<Asked | null>
  busy: Readonly<Ref<boolean>>
  failed: Readonly<Ref<boolean>>
  ask: (what: Asked['what'], subject: MarkSubject) => void
  mark: (command: NewCommand, entered: MarkForm) => Promise<void>
  restore: (mark: Dismissal) => Promise<boolean>
}

const key: InjectionKey<MarkDialogContext> = Symbol('mark dialog')

export function useMarkDialog(): MarkDialogContext {
  const context = inject(key)
  if (!context) throw new Error('useMarkDialog() outside of the panel of hotspots')
  return context
}

/** One dialog for the findings and the places of a panel. */
export function provideMarkDialog(): MarkDialogContext {
  const { t } = useI18n()
  const here = useFindingMarks()
  const { busy, failed, send } = useMarkCommands(here)
  const asked = shallowRef<Asked | null>(null)
  const context: MarkDialogContext = {
    ...{ marks: here.marks, mayMark: here.mayMark, asked, busy, failed },
    ask(what, subject) {
      failed.value = false
      asked.value = { ...subject, what, entered: null }
    },
    async mark(command, entered) {
      const before = asked.value
      if (!before) return
      const reopen = (): void => void (asked.value = { ...before, entered })
      if (await send(command, t(`findings.kept.${before.what}`), reopen)) asked.value = null
    },
    restore: ({ id }) =>
      send({ type: 'restore_finding', payload: { id } }, t('findings.kept.restored')),
  }
  provide(key, context)
  return context
}
