import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import {
  hasCityFiles,
  readCityFile,
  removeCityFile,
  type DownloadCall,
  type DownloadFailure,
  type DownloadNews,
  type KeptFile,
} from '@/device/city-files.ts'
import { openDeviceStore } from '@/device/device-store.ts'
import { useSessionStore } from '../session.store.ts'

/** A copy in use and an unfinished download. */
interface Record {
  kept: (KeptFile & { keptAt: string }) | null
  part: Omit<KeptFile, 'bytes'> | null
}

export type CityStatus = 'unknown' | 'none' | 'downloading' | 'paused' | 'failed' | 'kept'

const place = 'basemaps'

/** Public data, so it stays at sign-out. */
export const useOfflineCityStore = defineStore('offline-city', () => {
  const session = useSessionStore()
  const device = openDeviceStore()
  const isSupported = hasCityFiles()
  const status = ref<CityStatus>('unknown')
  const received = ref(0)
  const totalBytes = ref<number | null>(null)
  /** `gone`: the device lost a complete copy. */
  const failure = ref<DownloadFailure | 'gone' | null>(null)
  const record = shallowRef<Record>({ kept: null, part: null })
  const isOutdated = ref(false)
  /** Incremented when the copy changes. */
  const revision = ref(0)
  let file: File | null = null
  let worker: Worker | null = null

  /** Absolute address. */
  const url = computed(() => {
    const found = session.config?.city.basemap?.url
    return found ? new URL(found, location.href).href : null
  })

  let opened: Promise<void> = Promise.resolve()
  watch(
    url,
    (address) => {
      stopWorker()
      opened = open(address)
    },
    { immediate: true },
  )

  async function open(address: string | null): Promise<void> {
    file = null
    status.value = 'none'
    isOutdated.value = false
    failure.value = null
    record.value = { kept: null, part: null }
    if (!address || !isSupported) return
    const found = (await device.readReference(place, address)) as Record | null
    if (url.value !== address || !found) return
    const read = found.kept && (await readCityFile(found.kept))
    if (url.value !== address) return
    file = read
    // A recorded copy without its file does not count.
    record.value = read ? found : { ...found, kept: null }
    if (read) status.value = 'kept'
    else if (found.part) status.value = 'paused'
    else if (found.kept) {
      status.value = 'failed'
      failure.value = 'gone'
    }
    revision.value++
  }

  async function fileFor(address: string): Promise<File | null> {
    await opened
    return address === url.value ? file : null
  }

  async function write(next: Record): Promise<void> {
    record.value = next
    if (url.value) await device.writeReference(place, url.value, next)
  }

  /** Asks for size and version. */
  async function look(): Promise<void> {
    await opened
    const address = url.value
    if (!address) return
    try {
      const response = await fetch(address, { method: 'HEAD', cache: 'no-store' })
      if (!response.ok || address !== url.value) return
      const length = Number(response.headers.get('content-length') ?? Number.NaN)
      if (status.value !== 'downloading' && length > 0) totalBytes.value = length
      const etag = response.headers.get('etag')
      const { kept } = record.value
      isOutdated.value = Boolean(kept?.etag && etag && kept.etag !== etag)
    } catch {
      // offline: keep the known values
    }
  }

  /** Starts or resumes. */
  async function download(): Promise<void> {
    await opened
    const address = url.value
    if (!address || !isSupported || worker) return
    failure.value = null
    const part = record.value.part ?? { name: newName(address), etag: null }
    worker = new Worker(new URL('../../device/city-download.worker.ts', import.meta.url), {
      type: 'module',
      name: 'city-download',
    })
    status.value = 'downloading'
    worker.addEventListener('message', ({ data }: MessageEvent<DownloadNews>) =>
      hear(data, part.name),
    )
    worker.addEventListener('error', () => hear({ kind: 'failed', reason: 'server' }, part.name))
    worker.postMessage({ kind: 'download', url: address, ...part } satisfies DownloadCall)
    await write({ ...record.value, part })
  }

  function hear(news: DownloadNews, name: string): void {
    if (news.kind === 'progress') {
      received.value = news.received
      totalBytes.value = news.total ?? totalBytes.value
      if (record.value.part?.etag !== news.etag)
        void write({ ...record.value, part: { name, etag: news.etag } })
      return
    }
    stopWorker()
    if (news.kind === 'done') return void take({ name, etag: news.etag, bytes: news.bytes })
    status.value = news.kind === 'cancelled' ? 'paused' : 'failed'
    failure.value = news.kind === 'failed' ? news.reason : null
  }

  async function take(copy: KeptFile): Promise<void> {
    const before = record.value.kept
    await write({ kept: { ...copy, keptAt: new Date().toISOString() }, part: null })
    file = await readCityFile(copy)
    status.value = file ? 'kept' : 'failed'
    failure.value = file ? null : 'server'
    isOutdated.value = false
    revision.value++
    if (before && before.name !== copy.name) await removeCityFile(before.name)
  }

  const pause = (): void => worker?.postMessage({ kind: 'cancel' } satisfies DownloadCall)

  async function remove(): Promise<void> {
    const { kept, part } = record.value
    file = null
    revision.value++
    await write({ kept: null, part: null })
    for (const one of [kept, part]) if (one) await removeCityFile(one.name)
    received.value = 0
    failure.value = null
    isOutdated.value = false
    status.value = 'none'
  }

  function stopWorker(): void {
    worker?.terminate()
    worker = null
  }

  // Resume a download that lost its network.
  window.addEventListener('online', () => {
    if (status.value === 'failed' && failure.value === 'offline') void download()
  })

  return {
    isSupported,
    url,
    status,
    received,
    totalBytes,
    failure,
    record,
    isOutdated,
    revision,
    fileFor,
    look,
    download,
    pause,
    remove,
  }
})

const newName = (address: string): string => {
  const last = address.split('/').at(-1) ?? ''
  const plain = last.replaceAll(/[^\w.-]/g, '').slice(0, 60) || 'basemap'
  return `${Date.now().toString(36)}-${plain}`
}
