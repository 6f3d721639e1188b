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

  /** Resolves once everything is saved, or has failed to. @throws what the first failing save throws */
  async function saveAll(): Promise<void> {
    const ends = await Promise.allSettled([...saves].map((save) => save()))
    const failed = ends.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  return { onLeave, saveAll }
})
