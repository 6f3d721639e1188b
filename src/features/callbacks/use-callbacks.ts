import { useToast } from '@nuxt/ui/composables'
import { useIntervalFn } from '@vueuse/core'
import { computed, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { report } from '@/data/problems.ts'
import { ratingsRepo } from '@/data/ratings.repo.ts'
import { openDeviceStore } from '@/device/device-store.ts'
import { withDevice, type NewCommand } from '@/domain/command/types/index.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useKeptAnswer } from '@/stores/outbox/use-kept-answer.ts'
import { useOutboxItems } from '@/stores/outbox/use-outbox-items.ts'
import type { ItemSummary } from '@/sync/index.ts'
import { callList, callStates, type KeptSheet } from './call-list.ts'

/** The sheet, kept for offline, with what this device has said since; `send` goes through the outbox. */
export function useCallbacks() {
  const { t } = useI18n()
  const toast = useToast()
  const outboxStore = useOutboxStore()
  const session = useSessionStore()
  const answer = useKeptAnswer<KeptSheet>('callbacks', async (backend, fetchedAt, signal) => ({
    sheet: await ratingsRepo(backend).sheet(signal),
    fetchedAt,
  }))
  const { items } = useOutboxItems<ItemSummary[]>(async (outbox) => {
    const pages = await Promise.all(
      callStates.map((state) => outbox.page({ states: [state], limit: 500 })),
    )
    return pages.flat()
  }, [])

  const deviceNow = shallowRef(Date.now())
  useIntervalFn(() => (deviceNow.value = Date.now()), 30_000)
  /** The server's clock: a phone's may be off. */
  const now = computed(() => {
    const kept = answer.data.value
    const skewMs = kept ? Date.parse(kept.sheet.asOf) - Date.parse(kept.fetchedAt) : 0
    return deviceNow.value + skewMs
  })
  const list = computed(() => callList(answer.data.value, items.value, now.value))

  /** Answers say from which device they came: several callers on one show by it. */
  async function ofDevice(command: NewCommand): Promise<NewCommand> {
    const id = session.config && (await openDeviceStore().deviceId(session.config.instanceId))
    return id ? withDevice(command, id) : command
  }

  const busyCall = ref(false)
  const failed = ref(false)
  /** Resolves to true once stored on the device. */
  async function send(command: NewCommand): Promise<boolean> {
    busyCall.value = true
    failed.value = false
    try {
      await (await outboxStore.whenOpen()).enqueue(await ofDevice(command))
      toast.add({ title: t('callbacks.kept'), icon: 'lucide:check', color: 'success' })
      return true
    } catch (failure) {
      report('outbox-write', failure)
      failed.value = true
      return false
    } finally {
      busyCall.value = false
    }
  }
  const sheet = computed(() => answer.data.value?.sheet ?? null)
  const { busy, error, reload } = answer
  return { ...{ busy, error, reload, sheet, now, list }, ...{ busyCall, failed, send } }
}
