import type { Component } from 'vue'
import type { ConflictForm, EditForm } from '@/domain/command/command-type.ts'
import CorrectionEdit from './CorrectionEdit.vue'
import MergeView from './MergeView.vue'
import NoteEdit from './NoteEdit.vue'

/**
 * The forms for a refused command. Props: `itemId, command, busy`; events: `submit` with the changed
 * command and a callback for when it is queued, `cancel`. `capture` is a page of its own.
 */
export const editForms: Record<Exclude<EditForm, 'capture'>, Component> = {
  note: NoteEdit,
  correction: CorrectionEdit,
}

/** The forms for a conflict. Props: also `server`; event: `resolve` with the command, or null. */
export const conflictForms: Record<ConflictForm, Component> = { merge: MergeView }
