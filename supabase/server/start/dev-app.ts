import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { ServerType } from '@hono/node-server'
import type { Context } from 'hono'
import { projectRoot } from '../base/settings.ts'

export async function createDevApp(server: ServerType, port: number) {
  const { createServer } = await import('vite')
  const vite = await createServer({
    root: projectRoot,
    appType: 'spa',
    server: {
      middlewareMode: true,
      hmr: { server: server as import('node:http').Server, clientPort: port },
    },
  })
  server.once('close', () => void vite.close())
  return (context: Context<{ Bindings: HttpBindings }>): Promise<Response> => {
    const { incoming, outgoing } = context.env
    return new Promise((resolve, reject) => {
      outgoing.once('close', () => resolve(RESPONSE_ALREADY_SENT))
      vite.middlewares(incoming, outgoing, (error?: unknown) => {
        if (error) reject(error instanceof Error ? error : new Error(String(error)))
        else resolve(new Response(null, { status: 404 }))
      })
    })
  }
}
