import { createServer, request, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** An address of its own for the running server, which it passes everything on to. */
export interface Front {
  url: string
  /** Appends to the file with this path from now on. */
  append: (path: string, more: string) => void
  /** Leaves the address without an answer. */
  close: () => Promise<void>
}

/**
 * Lets a test close or change a server's address without starting a server of its own.
 * @param ofConfig changes the text of config.json
 */
export async function openFront(
  target: string,
  ofConfig: (body: string) => string = (body) => body,
): Promise<Front> {
  const changes = new Map<string, (body: string) => string>()
  const server = createServer((asked, answer) => {
    const change = changes.get(asked.url ?? '')
    // the server answers to its own names alone
    const headers: IncomingHttpHeaders = { ...asked.headers, host: new URL(target).host }
    if (headers.origin) headers.origin = target
    if (change) {
      // neither packed nor "not modified"
      delete headers['accept-encoding']
      delete headers['if-none-match']
    }
    const passed = request(target + asked.url, { method: asked.method, headers }, (came) => {
      const status = came.statusCode ?? 502
      if (!change) {
        answer.writeHead(status, came.headers)
        came.pipe(answer)
        return
      }
      const kept = { ...came.headers }
      delete kept.etag
      delete kept['content-length']
      void text(came).then((body) => answer.writeHead(status, kept).end(change(body)))
    })
    passed.on('error', () => answer.destroy())
    answer.on('close', () => passed.destroy())
    asked.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  // it names the address at which it was asked
  changes.set('/config.json', (body) => ofConfig(body.replaceAll(target, url)))
  return {
    url,
    append: (path, more) => void changes.set(path, (body) => body + more),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
