import { defineStore } from 'pinia'

type Save = () => Promise<unknown>

/** Forms register their saves here. Leaving or reloading the page waits for all of them. */
export const useUnsavedStore = defineStore('unsaved', () => {
  const saves = new Set<Save>()

  /** @returns removes the save */
  function onLeave(save: Save): () => void {
    saves.add(save)
    return () => void saves.delete(save)
  }

  /** @throws the first failure, after all saves */
  async function saveAll(): Promise<void> {
    const ends = await Promise.allSettled([...saves].map((save) => save()))
    const failed = ends.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  return { onLeave, saveAll }
})
