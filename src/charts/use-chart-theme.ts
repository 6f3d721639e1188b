import { useMutationObserver } from '@vueuse/core'
import { shallowRef, type ShallowRef } from 'vue'
import { darkChartTheme, lightChartTheme, type ChartTheme } from './chart-theme.ts'

/** Follows the `dark` class of the root element. */
export function useChartTheme(): Readonly<ShallowRef<ChartTheme>> {
  const root = document.documentElement
  const current = (): ChartTheme =>
    root.classList.contains('dark') ? darkChartTheme : lightChartTheme
  const theme = shallowRef(current())
  useMutationObserver(root, () => (theme.value = current()), {
    attributes: true,
    attributeFilter: ['class'],
  })
  return theme
}
