import { createServer, request as forward } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Faults between a device and the server.
 * `drop-before`: the connection breaks before the server hears of it. `drop-after`: it breaks once
 * the server has answered, so everything was done and nobody was told. `cut-body`: the answer ends
 * in the middle. `portal`: a captive portal answers 200 with its own page. `kill-before`,
 * `kill-during`, `kill-after`: the server dies by SIGKILL around the request.
 */
export const faultKinds = [
  'drop-before',
  'drop-after',
  'delay',
  'cut-body',
  'portal',
  'portal-json',
  '401',
  '429',
  '500',
  '503',
  'kill-before',
  'kill-during',
  'kill-after',
] as const
export type FaultKind = (typeof faultKinds)[number]

export interface FaultProxyOptions {
  /** Which fault meets this request; null for none. */
  plan(method: string, path: string): FaultKind | null
  /** Ends the server at once; resolves when its process is gone. It is started again elsewhere. */
  killServer(): Promise<void>
}

export interface FaultProxy {
  url: string
  /** Where requests go; changes when the server is started again. Null while there is none. */
  target: string | null
  /** How often each fault was injected. */
  injected: Record<FaultKind, number>
  close(): Promise<void>
}

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

const portalPage = '<!doctype html><title>Wi-Fi</title><p>Welcome. Accept the terms to go on.</p>'

/** A proxy on 127.0.0.1 that does to requests what networks do. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const injected = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as FaultProxy['injected']
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    // a server that is down is fault enough, and the one that killed it is counted
    if (!proxy.target) return void response.destroy()
    const kind = options.plan(request.method ?? 'GET', request.url ?? '/')
    if (kind) injected[kind] += 1
    switch (kind) {
      case null:
        return reply(response, await pass(request, body))
      case 'drop-before':
        return void response.destroy()
      case 'drop-after':
        await pass(request, body)
        return void response.destroy()
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, 300))
        return reply(response, await pass(request, body))
      case 'cut-body':
        return cut(response, await pass(request, body))
      case 'portal':
        return reply(response, made(200, 'text/html; charset=utf-8', portalPage))
      case 'portal-json':
        return reply(response, made(200, 'application/json', '{"status":"ok"}'))
      case '401':
        return reply(
          response,
          made(401, 'application/json', '{"code":"bad_jwt","message":"expired"}'),
        )
      case '429':
        return reply(
          response,
          made(429, 'application/json', '{"code":"rate_limited","message":"slow"}', {
            'retry-after': '1',
          }),
        )
      case '500':
      case '503':
        return reply(response, made(Number(kind), 'application/json', '{"message":"broken"}'))
      case 'kill-before':
        await options.killServer()
        return void response.destroy()
      case 'kill-during': {
        // no waiting for the answer: the server dies somewhere between hearing and answering
        const answered = pass(request, body).catch(() => null)
        await new Promise((resolve) => setTimeout(resolve, 5 + (body.length % 60)))
        await options.killServer()
        await answered
        return void response.destroy()
      }
      case 'kill-after': {
        // a server that another request is killing right now cannot answer this one
        await pass(request, body).catch(() => null)
        await options.killServer()
        return void response.destroy()
      }
    }
  }

  function pass(request: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (!proxy.target) return reject(new Error('no server'))
      const target = new URL(request.url ?? '/', proxy.target)
      const headers = {
        ...request.headers,
        host: target.host,
        'content-length': String(body.length),
      }
      // compressed answers are cut like others; one encoding keeps the cut simple
      delete headers['accept-encoding']
      delete headers['transfer-encoding']
      const onward = forward(
        target,
        { method: request.method ?? 'GET', headers, agent: false },
        (answer) => {
          bodyOf(answer).then(
            (received) =>
              resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: received }),
            reject,
          )
        },
      )
      onward.on('error', reject)
      onward.end(body)
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: null,
    injected,
    close: () => closed(server),
  }
  return proxy
}

function made(status: number, type: string, text: string, headers = {}): Answer {
  return { status, headers: { 'content-type': type, ...headers }, body: Buffer.from(text) }
}

function reply(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...withoutHop(headers), 'content-length': body.length })
  response.end(body)
}

/** Promises the whole answer, sends half of it, and hangs up. */
function cut(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...withoutHop(headers), 'content-length': Math.max(2, body.length) })
  response.write(body.subarray(0, body.length >> 1), () => response.destroy())
}

function withoutHop(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const kept = { ...headers }
  for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'content-length'])
    delete kept[name]
  return kept
}

async function bodyOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
