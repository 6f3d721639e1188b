import { useI18n } from 'vue-i18n'
import type { Category } from '@/domain/city/category.ts'
import type { FilterChip } from '@/domain/filter/filter-chip.ts'
import type { AnswerFilter, HandlingFilter } from '@/domain/filter/filter.ts'
import { useCounted } from './use-counted.ts'
import { useFormat } from './use-format.ts'

export interface ChipWords {
  name?: string
  value: string
  color?: string
}

export interface ChipNames {
  areaName: (code: string) => string
  categoryOf: (code: string) => Category | undefined
  /** Default: the code. */
  departmentName?: (code: string) => string
}

/** Says a part of the filter in words. */
export function useChipWords({
  areaName,
  categoryOf,
  departmentName = (code) => code,
}: ChipNames): (chip: FilterChip) => ChipWords {
  const { t, locale } = useI18n()
  const counted = useCounted()
  const format = useFormat()

  function periodText({ preset, period }: Extract<FilterChip, { part: 'period' }>): string {
    if (preset) return t(`ui.preset.${preset}`)
    if (!period) return t('ui.preset.all')
    const { from, to } = period
    return from === to
      ? format.value.localDay(from)
      : t('ui.dayRange', { from: format.value.localDay(from), to: format.value.localDay(to) })
  }

  function answersText({ said, closed, closers }: AnswerFilter): string {
    const words = said.map((choice) => t(`domain.answer.${choice}`)).join(' · ')
    const days = closed
      ? t('ui.closedDays', {
          from: format.value.localDay(closed.from),
          to: format.value.localDay(closed.to),
        })
      : ''
    return [words, days, ...closers.map(departmentName)].filter(Boolean).join(', ')
  }

  function handlingText({ outcomes, departments }: HandlingFilter): string {
    const words = outcomes.map((outcome) => t(`domain.handling.${outcome}`)).join(' · ')
    return [words, ...departments.map(departmentName)].join(', ')
  }

  return (chip) => {
    switch (chip.part) {
      case 'period':
        return { name: t('ui.period'), value: periodText(chip) }
      case 'areas':
        return { name: t('ui.area'), value: areaName(chip.code) }
      case 'categories': {
        const category = categoryOf(chip.code)
        if (!category) return { value: chip.code }
        const value = locale.value.startsWith('zh') ? category.nameZh : category.nameEn
        return { value, color: category.color }
      }
      case 'stages':
        return { name: t('ui.stage'), value: t(`domain.stage.${chip.stage}`) }
      case 'openOnly':
        return { value: t('ui.openOnly') }
      case 'onHoldOnly':
        return { value: t('ui.onHoldOnly') }
      case 'due':
        return { value: t(`domain.due.${chip.due}`) }
      case 'bbox':
        return { value: t('ui.inView') }
      case 'answers':
        return { name: t('ui.answers'), value: answersText(chip.answers) }
      case 'handling':
        return { name: t('ui.handling'), value: handlingText(chip.handling) }
      case 'openLonger':
        return { value: t('ui.openLonger', { days: format.value.count(chip.hours / 24) }) }
      case 'exceptPoints':
        return { value: counted('ui.exceptPoints', { count: chip.points }) }
    }
  }
}
