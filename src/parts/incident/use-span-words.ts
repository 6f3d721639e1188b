import { spanParts } from '@/domain/workflow/queue-clock.ts'
import { useCounted } from '@/ui/use-counted.ts'

/** Words of a span of minutes by its two largest units. */
export function useSpanWords(): (minutes: number, isWorkingTime?: boolean) => string {
  const counted = useCounted()
  return (minutes, isWorkingTime) => {
    const { unit, first, second } = spanParts(minutes, isWorkingTime)
    return counted(`work.span.${unit}`, { number: first, rest: second })
  }
}
