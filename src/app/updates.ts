import { computed, shallowRef } from 'vue'
import type { Workbox } from 'workbox-window'
import { report } from '@/data/problems.ts'

/** `ready`: a newer version waits. `taken`: another tab activated it. */
type Update = 'none' | 'ready' | 'taken'
const update = shallowRef<Update>('none')
const putOff = shallowRef<Update>('none')
/** A dismissed update returns only as `taken`. */
export const offeredUpdate = computed<Update>(() =>
  update.value === putOff.value ? 'none' : update.value,
)
export const putOffUpdate = (): void => void (putOff.value = update.value)

const lookEveryMs = 60 * 60_000
/** Minimum time between checks when the page returns to the front. */
const lookAgainMs = 10 * 60_000
/** Without a takeover the page reloads after this time. */
const takeOverMs = 4_000

let workbox: Workbox | null = null
let isReloading = false
const reload = (): void => {
  isReloading = true
  location.reload()
}

/** Installs the service worker and watches for newer ones. Never reloads by itself. */
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
    // The app then works online only.
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

/** Save all forms first. Without a newer version the page is loaded again all the same. */
export function takeUpdate(): void {
  if (update.value !== 'ready' || !workbox) return reload()
  isReloading = true
  workbox.messageSkipWaiting()
  setTimeout(reload, takeOverMs)
}
