import { effectScope, type EffectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openCamera, type OpenedCamera } from '@/device/camera.ts'
import { useCamera } from './use-camera.ts'

class Stream {
  isOn = true
  getTracks() {
    return [{ stop: () => (this.isOn = false) }]
  }
}
class Host {
  document = Object.assign(new EventTarget(), {
    visibilityState: 'visible' as 'visible' | 'hidden',
  })
  streams: Stream[] = []
  #answer: (() => void)[] = []
  open = () =>
    new Promise<OpenedCamera>((resolve) => {
      this.#answer.push(() => {
        const stream = new Stream()
        this.streams.push(stream)
        resolve({ ok: true, stream: stream as unknown as MediaStream })
      })
    })
  /** The person allows the camera. */
  async allow() {
    this.#answer.shift()?.()
    await Promise.resolve()
    await Promise.resolve()
  }
  async show(visibilityState: 'visible' | 'hidden') {
    this.document.visibilityState = visibilityState
    this.document.dispatchEvent(new Event('visibilitychange'))
    await Promise.resolve()
  }
  get on() {
    return this.streams.map(({ isOn }) => isOn)
  }
}

describe('useCamera', () => {
  let host: Host
  let scope: EffectScope
  const start = async () => {
    const camera = scope.run(() => useCamera(host))!
    const started = camera.start()
    await host.allow()
    await started
    return camera
  }
  beforeEach(() => {
    host = new Host()
    scope = effectScope()
  })
  afterEach(() => scope.stop())

  it('is off after it was stopped, and after the page was left', async () => {
    const camera = await start()
    expect([camera.stream.value !== null, camera.busy.value, host.on]).toEqual([
      true,
      false,
      [true],
    ])
    camera.stop()
    expect([camera.stream.value, host.on]).toEqual([null, [false]])
    const again = await start()
    expect(again.stream.value).not.toBeNull()
    scope.stop()
    expect(host.on).toEqual([false, false])
  })

  it('is off while the page is hidden, and on again after', async () => {
    const camera = await start()
    await host.show('hidden')
    expect([camera.stream.value, host.on]).toEqual([null, [false]])
    await host.show('visible')
    await host.allow()
    expect(host.on).toEqual([false, true])
    camera.stop()
    await host.show('hidden')
    await host.show('visible')
    await host.allow()
    expect(host.on).toEqual([false, false])
  })

  it('goes off at once when the person allows it after leaving', async () => {
    const camera = scope.run(() => useCamera(host))!
    const started = camera.start()
    scope.stop()
    await host.allow()
    await started
    expect([camera.stream.value, host.on]).toEqual([null, [false]])
  })
})

describe('openCamera', () => {
  const asking = (getUserMedia: () => Promise<MediaStream>) =>
    openCamera({ isSecureContext: true, navigator: { mediaDevices: { getUserMedia } } })

  it.each([
    ['NotAllowedError', 'denied'],
    ['NotFoundError', 'none'],
    ['NotReadableError', 'busy'],
    ['NotSupportedError', 'unsupported'],
  ])('tells %s as %s', async (name, reason) => {
    const failing = () => Promise.reject(new DOMException('', name))
    expect(await asking(failing)).toEqual({ ok: false, reason })
  })

  it('does not ask on a page without https, or in a browser without cameras', async () => {
    const navigator = {}
    expect(await openCamera({ isSecureContext: false, navigator })).toEqual({
      ok: false,
      reason: 'insecure',
    })
    expect(await openCamera({ isSecureContext: true, navigator })).toEqual({
      ok: false,
      reason: 'unsupported',
    })
  })
})
