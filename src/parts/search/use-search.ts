import { refDebounced } from '@vueuse/core'
import { computed, type Ref } from 'vue'
import { incidentsRepo, type IncidentSearch } from '@/data/incidents.repo.ts'
import { searchCategories } from '@/domain/city/category-search.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { searchAreas } from '../filter/area-search.ts'
import { searchGroups, type SearchGroup } from './search-hits.ts'

/** Milliseconds after the last key. */
const patience = 200
const most = { incidents: 8, areas: 5, categories: 4, characters: 200 }

/** The server searches incidents as far as the person may see; areas and categories are on the device. */
export function useSearch(text: Ref<string>) {
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const asked = refDebounced(text, patience)
  const wanted = computed(() => asked.value.trim().slice(0, most.characters))
  const answer = useServerQuery<{ text: string } & IncidentSearch>(() =>
    wanted.value === ''
      ? null
      : {
          key: ['search', wanted.value],
          ask: async ({ call, signal }) => ({
            text: wanted.value,
            ...(await call((backend) =>
              incidentsRepo(backend).search(wanted.value, most.incidents, signal),
            )),
          }),
        },
  )
  const shown = computed(() => text.value.trim().slice(0, most.characters))
  /** Null while a newer question is on its way. */
  const found = computed(() => (answer.data.value?.text === shown.value ? answer.data.value : null))
  const groups = computed<SearchGroup[]>(() =>
    shown.value === ''
      ? []
      : searchGroups(
          found.value?.rows ?? [],
          searchAreas(areas.list, shown.value, most.areas),
          searchCategories(categories.list, shown.value).slice(0, most.categories),
        ),
  )
  return {
    groups,
    found,
    error: computed(() => (found.value === null ? answer.error.value : null)),
    isAsking: computed(() => shown.value !== '' && found.value === null && !answer.error.value),
  }
}
