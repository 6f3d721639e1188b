import { describe, expect, test } from 'vitest'
import { readBody } from './body.ts'

/** Never ends unless closed. */
function requestOf(chunks: number[], { isClosed = true } = {}) {
  let wasCancelled = false
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const size of chunks) controller.enqueue(new Uint8Array(size))
      if (isClosed) controller.close()
    },
    cancel() {
      wasCancelled = true
    },
  })
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit
  const request = new Request('http://127.0.0.1/', init)
  return { request, wasCancelled: () => wasCancelled }
}

describe('readBody', () => {
  test('joins the chunks', async () => {
    const read = await readBody(requestOf([3, 4]).request, 10, { totalMs: 1_000 })
    expect((read as ArrayBuffer).byteLength).toBe(7)
  })

  test('stops a body that says no length as soon as it is too large', async () => {
    const { request, wasCancelled } = requestOf([6, 6], { isClosed: false })
    expect(await readBody(request, 10)).toBe('too large')
    expect(wasCancelled()).toBe(true)
  })

  test('refuses a body of many chunks, whole as it is', async () => {
    expect(await readBody(requestOf([6, 6]).request, 10)).toBe('too large')
    expect(await readBody(requestOf([6, 4]).request, 10)).toBeInstanceOf(ArrayBuffer)
  })

  test('refuses by the length that is stated, without reading', async () => {
    const headers = { 'content-length': '11' }
    const request = new Request('http://127.0.0.1/', { method: 'POST', body: 'x', headers })
    expect(await readBody(request, 10)).toBe('too large')
    expect(request.bodyUsed).toBe(false)
  })

  test('gives a body that trickles no more time than it has in all', async () => {
    let trickle: NodeJS.Timeout | undefined
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        trickle = setInterval(() => controller.enqueue(new Uint8Array(1)), 20)
      },
      cancel: () => clearInterval(trickle),
    })
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    const request = new Request('http://127.0.0.1/', init)
    // the limit in bytes ends the test where the one in time does not hold
    expect(await readBody(request, 50, { totalMs: 100, stalledMs: 5_000 })).toBe('too slow')
  })

  test.each([{ totalMs: 30 }, { stalledMs: 30 }])(
    'gives up a body that stands still: %o',
    async (patience) => {
      const { request, wasCancelled } = requestOf([1], { isClosed: false })
      expect(await readBody(request, 10, patience)).toBe('too slow')
      expect(wasCancelled()).toBe(true)
    },
  )
})
