import { useI18n } from 'vue-i18n'

/** The importer's words in the page's language. */
export function useNoteWords(): (note: { en: string; zh: string }) => string {
  const { locale } = useI18n()
  return ({ en, zh }) => (locale.value.startsWith('zh') ? zh : en)
}
