import { computed, shallowRef } from 'vue'
import type { Workbox } from 'workbox-window'
import { report } from '@/data/problems.ts'

/** `ready`: a newer version waits on the device. `taken`: another tab has already gone over to it. */
type Update = 'none' | 'ready' | 'taken'
const update = shallowRef<Update>('none')
const putOff = shallowRef<Update>('none')
/** What people are asked about: what they put off is not asked again, unless it has become graver. */
export const offeredUpdate = computed<Update>(() =>
  update.value === putOff.value ? 'none' : update.value,
)
export const putOffUpdate = (): void => void (putOff.value = update.value)

const lookEveryMs = 60 * 60_000
/** Looked at when the page comes back to the front, but not more often than this. */
const lookAgainMs = 10 * 60_000
/** A version that does not take over in this time is loaded by a plain reload. */
const takeOverMs = 4_000

let workbox: Workbox | null = null
let isReloading = false
const reload = (): void => {
  isReloading = true
  location.reload()
}

/** Installs the service worker and says when a newer one is there. Never reloads by itself. */
export async function watchForUpdates(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  const { Workbox } = await import('workbox-window')
  workbox = new Workbox('/sw.js')
  workbox.addEventListener('waiting', () => (update.value = 'ready'))
  workbox.addEventListener('controlling', ({ isUpdate }) => {
    if (isReloading) reload()
    else if (isUpdate) update.value = 'taken'
  })
  try {
    await workbox.register({ immediate: true })
  } catch (error) {
    // No network, or a browser that forbids it: the app works, but not without a network.
    report('install', error)
    return
  }
  let looked = Date.now()
  const look = (): void => {
    looked = Date.now()
    workbox?.update().catch(() => {})
  }
  setInterval(look, lookEveryMs)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && Date.now() - looked > lookAgainMs) look()
  })
}

/** Goes over to the newer version; whoever calls has saved everything before. */
export function takeUpdate(): void {
  if (update.value === 'taken' || !workbox) return reload()
  isReloading = true
  workbox.messageSkipWaiting()
  setTimeout(reload, takeOverMs)
}
