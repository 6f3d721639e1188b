import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { ratingsRepo, type AskedGroup } from '@/data/ratings.repo.ts'
import {
  askedBy,
  judgeAsked,
  mostCalled,
  tookGroups,
  type AskedBy,
  type JudgedGroup,
} from '@/domain/answers/asked-groups.ts'
import { answerChoices } from '@/domain/filter/filter.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useKeptAnswer } from '@/stores/kept-answer.ts'
import { useRatingsStore } from '@/stores/ratings.store.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useCounted } from '@/ui/use-counted.ts'
import { rowsFilter } from './rows-filter.ts'

export type NamedGroup = JudgedGroup<AskedGroup> & { name: string }

/** Of one kind; the others are added up. */
const mostShown = 12

/** Groups of those called, each judged against all others of its kind. Null before the first answer. */
export function useWhoAnswered(level: Readonly<Ref<AreaLevel>>) {
  const { t, te, locale } = useI18n()
  const counted = useCounted()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const filter = useFilterStore()
  const ratings = useRatingsStore()

  const answer = useServerQuery<AskedGroup[]>(
    () => {
      if (!filter.periodKnown) return null
      const asked = rowsFilter(filter.effective, answerChoices)
      const by = level.value
      return {
        key: ['asked-groups', asked, by],
        ask: ({ call, signal }) =>
          call((backend) => ratingsRepo(backend).askedGroups(asked, by, signal)),
      }
    },
    { revision: () => ratings.revision },
  )
  const { kept, isFormer } = useKeptAnswer(answer)

  const names: Record<AskedBy, (key: string) => string> = {
    took: (key) => t(`satisfaction.asked.took.${key}`),
    area: (code) => areas.byCode(code)?.name ?? t('ui.pending'),
    category: (code) => {
      const found = categories.byCode(code)
      return found ? categories.nameOf(found, locale.value) : t('ui.pending')
    },
    channel: (code) => (te(`domain.channel.${code}`) ? t(`domain.channel.${code}`) : code),
  }
  const place = ({ key }: AskedGroup): number => tookGroups.findIndex((one) => one === key)
  const named = (by: AskedBy): NamedGroup[] => {
    const own = (kept.value ?? []).filter((one) => one.by === by)
    const ordered = by === 'took' ? own.toSorted((a, b) => place(a) - place(b)) : own
    let others = ''
    const shown = mostCalled(ordered, mostShown, (counts, count) => {
      others = counted('satisfaction.otherGroups', { count })
      return { by, key: '', generated: 0, ...counts }
    })
    return judgeAsked(shown).map((one) => ({
      ...one,
      name: one.group.key === '' ? others : names[by](one.group.key),
    }))
  }
  const kinds = computed(() => kept.value && new Map(askedBy.map((by) => [by, named(by)] as const)))
  /** Groups with fewer answers, the clearest first; where there are none, those with more. */
  const leaning = computed(() => {
    const all = [...(kinds.value?.values() ?? [])].flat().filter(({ group }) => group.key !== '')
    const fewer = all.filter(({ lean }) => lean === 'fewer')
    // one group short of answers lifts all others of its kind
    return (fewer.length > 0 ? fewer : all.filter(({ lean }) => lean === 'more')).toSorted(
      (a, b) => Math.abs(b.difference!) - Math.abs(a.difference!),
    )
  })
  const isGenerated = computed(() => (kept.value ?? []).some(({ generated }) => generated > 0))
  return { kinds, leaning, isFormer, isGenerated }
}
