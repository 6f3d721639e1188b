import { useMediaQuery, usePreferredDark, useStorage } from '@vueuse/core'
import { computed, ref, watch } from 'vue'

export const themePreferences = ['light', 'dark', 'system'] as const
export type ThemePreference = (typeof themePreferences)[number]

/** `public/first-paint.js` reads the same key. */
const preference = useStorage<ThemePreference>('wangge.theme', 'system', undefined, {
  // Unknown stored values must not break the page.
  serializer: {
    read: (raw) => themePreferences.find((known) => known === raw) ?? 'system',
    write: (value) => value,
  },
})
const systemIsDark = usePreferredDark()
const isOnPaper = useMediaQuery('print')

/** The wall is always dark. */
export const isWall = ref(false)

/** Print is always light. */
export const isDark = computed(
  () =>
    !isOnPaper.value &&
    (isWall.value ||
      preference.value === 'dark' ||
      (preference.value === 'system' && systemIsDark.value)),
)

/** Applies the theme to `<html>`, native controls and the phone's status bar. */
export function startTheme(): void {
  watch(
    isDark,
    (dark) => {
      const root = document.documentElement
      root.classList.toggle('dark', dark)
      root.classList.toggle('light', !dark)
      root.style.colorScheme = dark ? 'dark' : 'light'
      document
        .querySelector('meta[name="theme-color"]')
        ?.setAttribute('content', dark ? '#0d1112' : '#ffffff')
    },
    { immediate: true },
  )
}

export const useThemePreference = () => preference
