import { useMediaQuery } from '@vueuse/core'
import { computed, onScopeDispose, ref, watch } from 'vue'
import { frameAt, frameLengthOf, timeFrames, type FrameLength } from '@/domain/time/time-frames.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

export const speeds = [1, 2, 4] as const
export type Speed = (typeof speeds)[number]
const frameMs = 1_200
/** A period that stands still so long rests: lists, charts and the address follow it. */
const restMs = 250

/**
 * Moves the filter's period through the data. A drag or a playing becomes one history step. The
 * next frame waits for the counts of the one before, so a slow device skips frames. The map leads;
 * everything else follows at rest, which leaves the main thread free.
 * @param isMapAhead false: the map shows what cannot be told from the period alone
 */
export function useTimePlayer(isMapAhead: () => boolean) {
  const filter = useFilterStore()
  const columns = useColumnsStore()

  const period = computed(() => filter.preview ?? filter.filter.period)
  const length = ref<FrameLength>('month')
  watch(
    period,
    (next) => {
      length.value = frameLengthOf(next) ?? length.value
    },
    { immediate: true },
  )
  const frames = computed(() => (filter.span ? timeFrames(filter.span, length.value) : []))
  const index = computed(() => frameAt(frames.value, period.value))
  /** The period is exactly one frame. */
  const isFrame = computed(() => {
    const frame = frames.value[index.value]
    return frame?.from === period.value?.from && frame?.to === period.value?.to
  })

  let wanted: number | null = null
  let isMoved = false
  let frameRequest = 0
  let restTimer: ReturnType<typeof setTimeout> | undefined
  const hasCaughtUp = (): boolean => columns.liveFilter === filter.live

  function apply(): void {
    frameRequest = 0
    if (wanted === null) return
    if (!hasCaughtUp() && columns.status !== 'error') return next()
    const frame = frames.value[wanted]
    wanted = null
    if (!frame || (frame.from === period.value?.from && frame.to === period.value?.to)) return
    isMoved = true
    if (!isMapAhead()) return filter.setPeriod(frame, { transient: true })
    filter.setPreview(frame)
    clearTimeout(restTimer)
    restTimer = setTimeout(() => filter.setPeriod(frame, { transient: true }), restMs)
  }
  function next(): void {
    frameRequest ||= requestAnimationFrame(apply)
  }
  /** Shows a frame as soon as the device can. */
  function preview(at: number): void {
    wanted = Math.min(frames.value.length - 1, Math.max(0, at))
    next()
  }
  /** Ends a move: the last frame asked for stays. */
  function commit(): void {
    cancelAnimationFrame(frameRequest)
    clearTimeout(restTimer)
    frameRequest = 0
    const frame = wanted === null ? period.value : frames.value[wanted]
    if (isMoved || wanted !== null) filter.setPeriod(frame ?? null)
    wanted = null
    isMoved = false
  }
  function step(by: number): void {
    pause()
    preview(isFrame.value ? index.value + by : index.value)
    commit()
  }
  function setLength(next: FrameLength): void {
    pause()
    length.value = next
    preview(index.value)
    commit()
  }

  const isPlaying = ref(false)
  const speed = ref<Speed>(1)
  const isStill = useMediaQuery('(prefers-reduced-motion: reduce)')
  let timer: ReturnType<typeof setTimeout> | undefined
  function tick(): void {
    if (hasCaughtUp()) {
      if (index.value >= frames.value.length - 1) return pause()
      preview(index.value + 1)
    }
    timer = setTimeout(tick, frameMs / speed.value)
  }
  /** From the start when the end is shown. */
  function play(): void {
    if (isStill.value || frames.value.length < 2) return
    isPlaying.value = true
    preview(index.value >= frames.value.length - 1 ? 0 : index.value + (isFrame.value ? 1 : 0))
    timer = setTimeout(tick, frameMs / speed.value)
  }
  function pause(): void {
    clearTimeout(timer)
    if (!isPlaying.value) return
    isPlaying.value = false
    commit()
  }
  watch(isStill, pause)
  onScopeDispose(() => {
    pause()
    commit()
  })

  return {
    frames,
    index,
    isFrame,
    length,
    setLength,
    preview,
    commit,
    step,
    isPlaying,
    isStill,
    speed,
    play,
    pause,
  }
}
