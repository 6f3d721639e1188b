import { useEventListener } from '@vueuse/core'
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { closeCamera, openCamera, type CameraFailure, type OpenedCamera } from '@/device/camera.ts'

export interface Camera {
  /** Null until the person allowed it. */
  stream: Readonly<ShallowRef<MediaStream | null>>
  busy: Readonly<Ref<boolean>>
  failure: Readonly<Ref<CameraFailure | null>>
  start(): Promise<void>
  stop(): void
}

interface Host {
  open(): Promise<OpenedCamera>
  document: Pick<Document, 'visibilityState'> & EventTarget
}

/** The camera between `start` and `stop`, off while the page is hidden and after the scope's end. */
export function useCamera(host: Host = { open: () => openCamera(), document }): Camera {
  const stream = shallowRef<MediaStream | null>(null)
  const busy = ref(false)
  const failure = ref<CameraFailure | null>(null)
  let isWanted = false
  let turn = 0

  function release(): void {
    turn++
    busy.value = false
    if (stream.value) closeCamera(stream.value)
    stream.value = null
  }
  async function open(): Promise<void> {
    release()
    const mine = turn
    busy.value = true
    const opened = await host.open()
    // Left while the browser asked for permission.
    if (mine !== turn) return void (opened.ok && closeCamera(opened.stream))
    busy.value = false
    failure.value = opened.ok ? null : opened.reason
    stream.value = opened.ok ? opened.stream : null
  }
  const start = (): Promise<void> => {
    isWanted = true
    return open()
  }
  const stop = (): void => {
    isWanted = false
    release()
  }

  useEventListener(host.document, 'visibilitychange', () => {
    if (host.document.visibilityState === 'hidden') release()
    else if (isWanted && !stream.value) void open()
  })
  onScopeDispose(stop)
  return { stream, busy, failure, start, stop }
}
