import { defineStore } from 'pinia'

type Save = () => Promise<unknown>

/**
 * What must reach the device's storage before the page goes: forms register how they save
 * themselves, whoever reloads or leaves the page waits for all of them.
 */
export const useUnsavedStore = defineStore('unsaved', () => {
  const saves = new Set<Save>()

  /** @returns how to take it back, when the form is gone */
  function onLeave(save: Save): () => void {
    saves.add(save)
    return () => void saves.delete(save)
  }

  /** Resolves once everything is saved. @throws what the first failing save throws */
  async function saveAll(): Promise<void> {
    await Promise.all([...saves].map((save) => save()))
  }

  return { onLeave, saveAll }
})
