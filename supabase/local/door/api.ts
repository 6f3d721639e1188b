import type { Backend } from '../backend/backend.ts'
import { BackendUnavailable } from '../backend/backend.ts'
import { isDemoEmail } from '../demo.ts'
import type { Journal } from '../journal.ts'
import type { PhotoApi } from '../photos/photo-api.ts'
import { commandsOf } from '../replay.ts'
import type { Secrets } from '../secrets.ts'
import { deepestNesting, isTooDeep, readBody } from './body.ts'
import { compressBody, encodingFor } from './compress.ts'
import { problem, tooMany } from './problem.ts'
import { RateLimit } from './rate-limit.ts'
import { callerOf, isSameSecret } from './token.ts'
import type { Caller } from './token.ts'

export interface ApiContext {
  backend: Backend
  /** Null on one's own Postgres, which keeps its own log. */
  journal: Journal | null
  secrets: Secrets
  photos: PhotoApi
  /** Whether the demo's well-known passwords open anything here. */
  acceptsDemoAccounts: boolean
  /** Called after a request that may have changed something. */
  onChange(): void
}

const commandBytes = 1024 * 1024
const otherBytes = 256 * 1024

/** Requests a user may make: far above what the map page needs while it is dragged about. */
const perUser = { burst: 1500, perSecond: 25 }
/** Wrong passwords: ten for an account, thirty from an address, then one every half minute. */
const perAccount = { burst: 10, perSecond: 1 / 60 }
const perAddress = { burst: 30, perSecond: 1 / 30 }
const refreshPerAddress = { burst: 120, perSecond: 2 }

const forwardedHeaders = ['accept', 'apikey', 'authorization', 'content-type', 'prefer', 'range']
const returnedHeaders = [
  'content-type',
  'content-range',
  'preference-applied',
  'x-supabase-api-version',
]

/** `/rest/v1`, `/auth/v1`, `/storage/v1`: what of them is offered, to whom, how often. */
export class Api {
  #context: ApiContext
  #users = new RateLimit(perUser.burst, perUser.perSecond)
  #accounts = new RateLimit(perAccount.burst, perAccount.perSecond)
  #addresses = new RateLimit(perAddress.burst, perAddress.perSecond)
  #refreshes = new RateLimit(refreshPerAddress.burst, refreshPerAddress.perSecond)

  constructor(context: ApiContext) {
    this.#context = context
  }

  /** Answers a request whose path begins with /rest/v1, /auth/v1 or /storage/v1. */
  async answer(request: Request, address: string): Promise<Response> {
    const refused = this.#refuseKey(request)
    if (refused) return refused
    const { pathname } = new URL(request.url)
    try {
      if (pathname.startsWith('/storage/v1')) return await this.#storage(request)
      return pathname.startsWith('/rest/v1')
        ? await this.#rest(request, pathname)
        : await this.#auth(request, pathname, address)
    } catch (error) {
      if (error instanceof BackendUnavailable) {
        return problem(503, 'unavailable', error.message, { 'retry-after': '3' })
      }
      throw error
    }
  }

  #refuseKey(request: Request): Response | null {
    const key = request.headers.get('apikey')
    if (!key) return problem(401, 'no_api_key', 'The request carries no apikey.')
    return isSameSecret(key, this.#context.secrets.publishableKey)
      ? null
      : problem(401, 'bad_api_key', 'This apikey is not accepted here.')
  }

  /** The caller of a genuine token, or the refusal. */
  #caller(request: Request): Caller | Response {
    const token = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
    const caller = callerOf(token, this.#context.secrets.jwtSecret)
    if (!caller) return problem(401, 'bad_jwt', 'Sign in again: this session is not valid here.')
    if (!this.#context.acceptsDemoAccounts && isDemoEmail(caller.email)) return demoRefused()
    const wait = this.#users.take(caller.userId)
    return wait > 0 ? tooMany(wait) : caller
  }

  #storage(request: Request): Promise<Response> | Response {
    const caller = this.#caller(request)
    return caller instanceof Response ? caller : this.#context.photos.answer(request, caller.userId)
  }

  async #rest(request: Request, pathname: string): Promise<Response> {
    const target = /^\/rest\/v1\/(?:rpc\/)?([a-z_][a-z0-9_]{0,62})$/.exec(pathname)?.[1]
    if (!target) return problem(404, 'not_found', 'There is nothing at this path.')
    const caller = this.#caller(request)
    if (caller instanceof Response) return caller
    const isCommand = target === 'apply_commands'
    const body = await readBody(request, isCommand ? commandBytes : otherBytes)
    if (body === 'too large') {
      const limit = isCommand ? commandBytes : otherBytes
      return problem(413, 'too_large', `The request is longer than ${limit} bytes.`)
    }
    if (body && isTooDeep(body)) {
      return problem(400, 'too_deep', `The request is nested deeper than ${deepestNesting} levels.`)
    }
    if (!isCommand) return this.#forward(request, body)
    if (request.method !== 'POST') return problem(405, 'post_only', 'Commands are posted.')
    return this.#applyCommands(request, body, caller)
  }

  /** Nothing is asked of the database before the call is on disk; see `Journal`. */
  async #applyCommands(
    request: Request,
    body: ArrayBuffer | null,
    caller: Caller,
  ): Promise<Response> {
    const text = new TextDecoder().decode(body ?? new ArrayBuffer(0))
    const { journal, onChange } = this.#context
    // what the database would take in another form could not be repeated from the journal
    if (!commandsOf(text)) return problem(400, 'bad_commands', 'p_commands is an array.')
    if (!journal) return this.#forward(request, body)
    const received = new Date().toISOString()
    const settled = await journal.append({ user: caller.userId, body: text, received })
    try {
      return await this.#forward(request, body)
    } finally {
      settled()
      onChange()
    }
  }

  async #auth(request: Request, pathname: string, address: string): Promise<Response> {
    const body = await readBody(request, otherBytes)
    if (body === 'too large') {
      return problem(413, 'too_large', `The request is longer than ${otherBytes} bytes.`)
    }
    switch (`${request.method} ${pathname}`) {
      case 'POST /auth/v1/token':
        return this.#token(request, body, address)
      case 'POST /auth/v1/logout': {
        const caller = this.#caller(request)
        return caller instanceof Response ? caller : this.#forward(request, body)
      }
      case 'GET /auth/v1/user': {
        const caller = this.#caller(request)
        return caller instanceof Response ? caller : this.#forward(request, null)
      }
      case 'PUT /auth/v1/user':
        return this.#changePassword(request, body)
      default:
        return problem(403, 'not_offered', 'This server offers signing in by password only.')
    }
  }

  async #token(request: Request, body: ArrayBuffer | null, address: string): Promise<Response> {
    const grant = new URL(request.url).searchParams.get('grant_type')
    if (grant === 'refresh_token') {
      const wait = this.#refreshes.take(address)
      return wait > 0 ? tooMany(wait) : this.#forward(request, body)
    }
    if (grant !== 'password') {
      return problem(403, 'not_offered', 'This server offers signing in by password only.')
    }
    const { email } = jsonObject(body)
    if (typeof email !== 'string') return problem(400, 'validation_failed', 'An email is needed.')
    const account = email.trim().toLowerCase()
    if (!this.#context.acceptsDemoAccounts && isDemoEmail(account)) return demoRefused()
    // taken before the password is looked at, so that guesses sent all at once count too
    const wait = Math.max(this.#accounts.take(account), this.#addresses.take(address))
    if (wait > 0) return tooMany(wait)
    const response = await this.#forward(request, body)
    if (response.ok) {
      this.#accounts.refund(account)
      this.#addresses.refund(address)
      this.#context.onChange()
    }
    return response
  }

  async #changePassword(request: Request, body: ArrayBuffer | null): Promise<Response> {
    const caller = this.#caller(request)
    if (caller instanceof Response) return caller
    // the client library always sends its code challenge, null when there is none
    const fields = Object.entries(jsonObject(body)).flatMap(([name, value]) =>
      value === null ? [] : [name],
    )
    if (!fields.includes('password') || fields.some((field) => !passwordFields.has(field))) {
      return problem(403, 'not_offered', 'Only the password can be changed here.')
    }
    if (isDemoEmail(caller.email)) {
      return problem(403, 'demo_account', 'The passwords of the demo accounts stay as they are.')
    }
    const wait = this.#accounts.take(`password ${caller.userId}`)
    if (wait > 0) return tooMany(wait)
    const response = await this.#forward(request, body)
    if (response.ok) this.#context.onChange()
    return response
  }

  async #forward(request: Request, body: ArrayBuffer | null): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const headers = forwardedHeaders.flatMap((name): [string, string][] => {
      const value = request.headers.get(name)
      return value === null ? [] : [[name, value]]
    })
    const plain = await this.#context.backend.fetch({
      method: request.method,
      url: `http://127.0.0.1${pathname}${search}`,
      headers,
      body,
    })
    // a failed statement may be the first sign of a database that drops writes
    if (plain.status >= 500) void this.#context.backend.checkCanary()
    const returned = new Headers(plain.headers.filter(([name]) => returnedHeaders.includes(name)))
    returned.set('cache-control', 'no-store')
    returned.set('vary', 'accept-encoding')
    const encoding = encodingFor(request.headers.get('accept-encoding') ?? undefined)
    const packed = await compressBody(new Uint8Array(plain.body), encoding)
    if (packed.encoding) returned.set('content-encoding', packed.encoding)
    const hasBody = plain.status !== 204 && plain.status !== 304
    return new Response(hasBody ? new Uint8Array(packed.body) : null, {
      status: plain.status,
      headers: returned,
    })
  }
}

const passwordFields = new Set(['password', 'current_password', 'nonce'])

function demoRefused(): Response {
  return problem(
    403,
    'demo_refused',
    'The demo accounts are refused here: others can reach this server. ' +
      'ALLOW_DEMO_ACCOUNTS=1 lets them in.',
  )
}

function jsonObject(body: ArrayBuffer | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body ?? new ArrayBuffer(0)))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
