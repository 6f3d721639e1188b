import { nextTick, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { badgeText } from '@/domain/workflow/queue.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { tabName } from '@/stores/view/tab-name.ts'
import { titleCount } from './title-count.ts'

/**
 * Sets page titles. After a page change moves the focus to the content and returns the title for
 * screen readers.
 */
export function useRouteAnnouncer() {
  const { t, locale } = useI18n()
  const route = useRoute()
  const router = useRouter()
  const session = useSessionStore()
  const announcement = ref('')

  const title = () => (route.meta.title ? t(route.meta.title) : '')
  const count = () => (titleCount.value > 0 ? `(${badgeText(titleCount.value)}) ` : '')
  watch(
    [() => route.meta.title, locale, () => session.config?.city.name, titleCount, tabName],
    () => {
      document.title =
        count() +
        [tabName.value ?? title(), session.config?.city.name, t('app.name')]
          .filter(Boolean)
          .join(' · ')
    },
    { immediate: true },
  )

  router.afterEach(async (to, from, failure) => {
    // A query change only changes the filter.
    if (failure || from.matched.length === 0 || to.path === from.path) return
    await nextTick()
    announcement.value = title()
    const target = document.querySelector<HTMLElement>('[data-autofocus], #main')
    target?.focus({ preventScroll: true })
  })
  return announcement
}
