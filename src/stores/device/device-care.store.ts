import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { report } from '@/data/problems.ts'

/** Chromium's own event: the app can be installed, and asking has to wait for a click. */
interface InstallPromptEvent extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>
}

/** Bytes below which a day's photos may not fit any more. */
const lowBytes = 100 * 1024 * 1024

/**
 * What this device lets the app do: whether the address is secure, whether the app is installed,
 * and how safely and how much it may store.
 */
export const useDeviceCareStore = defineStore('device-care', () => {
  const isSecure = globalThis.isSecureContext !== false
  const isInstalled = ref(
    matchMedia('(display-mode: standalone)').matches ||
      (navigator as { standalone?: boolean }).standalone === true,
  )
  // iPads call themselves Macs, but no Mac has a touch screen.
  const isIos =
    /iPhone|iPad|iPod/.test(navigator.userAgent) ||
    (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
  const installPrompt = shallowRef<InstallPromptEvent | null>(null)
  const isPersisted = ref<boolean | null>(null)
  const usedBytes = ref<number | null>(null)
  const quotaBytes = ref<number | null>(null)

  const freeBytes = computed(() =>
    usedBytes.value === null || quotaBytes.value === null
      ? null
      : Math.max(0, quotaBytes.value - usedBytes.value),
  )
  const isLow = computed(() => freeBytes.value !== null && freeBytes.value < lowBytes)
  /** Safari forgets what a site stored after seven days without a visit, unless it is installed. */
  const forgetsAfterDays = computed(() =>
    isIos && !isInstalled.value && !isPersisted.value ? 7 : null,
  )

  window.addEventListener('beforeinstallprompt', (event) => {
    // Else the browser shows its own bar, at a moment of its own choosing.
    event.preventDefault()
    installPrompt.value = event as InstallPromptEvent
  })
  window.addEventListener('appinstalled', () => {
    installPrompt.value = null
    isInstalled.value = true
  })

  async function install(): Promise<void> {
    const event = installPrompt.value
    if (!event) return
    // The event serves once, whatever the answer.
    installPrompt.value = null
    await event.prompt()
  }

  /** Reads anew how much is stored and whether it is safe. */
  async function look(): Promise<void> {
    const { storage } = navigator
    if (!storage) return
    try {
      isPersisted.value = await storage.persisted()
      const { usage, quota } = await storage.estimate()
      usedBytes.value = usage ?? null
      quotaBytes.value = quota ?? null
    } catch (error) {
      report('storage', error)
    }
  }

  /** Asks the browser not to clear what is stored when space runs out. */
  async function persist(): Promise<void> {
    try {
      await navigator.storage?.persist()
    } catch (error) {
      report('storage', error)
    }
    await look()
  }

  return {
    isSecure,
    isIos,
    isInstalled,
    installPrompt,
    isPersisted,
    usedBytes,
    quotaBytes,
    freeBytes,
    isLow,
    lowBytes,
    forgetsAfterDays,
    install,
    look,
    persist,
  }
})
