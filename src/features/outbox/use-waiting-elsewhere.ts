import { computed, onScopeDispose, shallowRef, watch } from 'vue'
import { useOutboxStore } from '@/stores/outbox.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import type { WaitingQueue } from '@/sync/index.ts'

/**
 * What lies unsent on this device for servers of before. Only its own person may see into a queue; of
 * others' no more is known than how much there is.
 */
export function useWaitingElsewhere() {
  const store = useOutboxStore()
  const session = useSessionStore()
  const found = shallowRef<(WaitingQueue & { isMine: boolean })[]>([])
  let turn = 0
  onScopeDispose(() => turn++)

  async function look(): Promise<void> {
    const mine = ++turn
    const { outbox } = store
    if (!outbox) return void (found.value = [])
    try {
      const people = await session.peopleOfDevice()
      const isMe = (userId: string) =>
        userId === outbox.userId || people.some((one) => one.userId === userId && one.isMe)
      const queues = await outbox.waitingElsewhere(people)
      if (mine === turn)
        found.value = queues.map((queue) => ({ ...queue, isMine: isMe(queue.userId) }))
    } catch (failure) {
      console.warn('other queues could not be looked for:', failure)
    }
  }
  watch(() => store.outbox, look, { immediate: true })

  return {
    mine: computed(() => found.value.filter(({ isMine }) => isMine)),
    /** How much of other people's waits. */
    others: computed(() =>
      found.value.filter(({ isMine }) => !isMine).reduce((sum, { unsent }) => sum + unsent, 0),
    ),
    look,
  }
}
