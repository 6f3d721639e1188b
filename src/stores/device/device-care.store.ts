import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { report } from '@/data/problems.ts'

/** Chromium's install event; prompting needs a click. */
interface InstallPromptEvent extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>
}

/** Below this, a day's photos may not fit. */
const lowBytes = 100 * 1024 * 1024

/** This device's installation and storage. */
export const useDeviceCareStore = defineStore('device-care', () => {
  const isSecure = globalThis.isSecureContext !== false
  const isInstalled = ref(
    matchMedia('(display-mode: standalone)').matches ||
      (navigator as { standalone?: boolean }).standalone === true,
  )
  // iPads report as Macs, but no Mac has a touch screen.
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
  /** Safari deletes a site's data after 7 days without a visit, unless installed. */
  const forgetsAfterDays = computed(() =>
    isIos && !isInstalled.value && !isPersisted.value ? 7 : null,
  )

  window.addEventListener('beforeinstallprompt', (event) => {
    // Suppress the browser's own bar.
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
    // The event can be used once.
    installPrompt.value = null
    await event.prompt()
  }

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
