import type { Component } from 'vue'
import type { ConflictForm, EditForm } from '@/domain/command/command-type.ts'
import CorrectionEdit from './CorrectionEdit.vue'
import MergeView from './MergeView.vue'
import NoteEdit from './NoteEdit.vue'
import StepConflict from './StepConflict.vue'
import StepEdit from './StepEdit.vue'

/**
 * Forms for a refused command. Props: `itemId, command, busy`; events: `submit` (changed command,
 * callback when queued), `cancel`. `capture` has its own page; `none` has no form.
 */
export const editForms: Record<Exclude<EditForm, 'capture' | 'none'>, Component> = {
  note: NoteEdit,
  correction: CorrectionEdit,
  step: StepEdit,
}

/** Forms for a conflict. Extra prop: `server`; event: `resolve` with the command or null. */
export const conflictForms: Record<ConflictForm, Component> = {
  merge: MergeView,
  step: StepConflict,
}
