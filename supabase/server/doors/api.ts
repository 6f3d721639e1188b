import type { Backend } from '../backend/backend.ts'
import { BackendUnavailable } from '../backend/backend.ts'
import type { Database } from '../base/database-types.ts'
import { isDemoEmail } from '../base/demo.ts'
import type { Journal } from '../journal/journal.ts'
import type { PhotoApi } from '../photos/photo-api.ts'
import type { Secrets } from '../base/secrets.ts'
import type { Peer } from '../wire/addresses.ts'
import { deepestNesting, isTooDeep, objectIn, readBody } from '../wire/body.ts'
import { compressBody, encodingFor } from '../wire/compress.ts'
import { EndedSessions } from './ended-sessions.ts'
import { problem, tooMany } from '../wire/problem.ts'
import { RateLimit } from '../wire/rate-limit.ts'
import { SignInLimit } from './sign-in-limit.ts'
import { callerOf, isSameSecret } from '../wire/token.ts'
import type { Caller } from '../wire/token.ts'

export interface ApiContext {
  backend: Pick<Backend, 'fetch' | 'checkCanary' | 'isReady'>
  database(): Database
  /** Null on one's own Postgres, which keeps its own log. */
  journal: Pick<Journal, 'append'> | null
  secrets: Secrets
  photos: Pick<PhotoApi, 'answer'>
  /** Whether the demo's well-known passwords open anything for this peer. */
  acceptsDemoAccounts(peer: Peer): boolean
  /** Called after a request that may have changed something. */
  onChange(): void
  /** As `onChange`, of what no journal holds. */
  onUnjournaledChange(): void
}

const commandBytes = 1024 * 1024
/** Commands of one call; the database refuses more too, but only after they were journaled. */
const maxCommands = 200
const otherBytes = 256 * 1024

/** Requests a user may make: far above what the map page needs while it is dragged about. */
const perUser = { burst: 1500, perSecond: 25 }
/** Bytes a user may have journaled: tens of thousands of reports at once, then some each second. */
const journaledPerUser = { burst: 64 * 1024 * 1024, perSecond: 16 * 1024 }
/** New passwords of one's own: each is checked and hashed, which is slow on purpose. */
const passwordsPerUser = { burst: 10, perSecond: 1 / 60 }
const refreshPerAddress = { burst: 120, perSecond: 2 }

const forwardedHeaders = ['accept', 'apikey', 'authorization', 'prefer', 'range']
const returnedHeaders = [
  'content-type',
  'content-range',
  'preference-applied',
  'x-supabase-api-version',
]

interface Body {
  bytes: ArrayBuffer | null
  text: string
}

/** `/rest/v1`, `/auth/v1`, `/storage/v1`: what of them is offered, to whom, how often. */
export class Api {
  #context: ApiContext
  #endedSessions: EndedSessions
  #users = new RateLimit(perUser.burst, perUser.perSecond)
  #journaled = new RateLimit(journaledPerUser.burst, journaledPerUser.perSecond)
  #passwords = new RateLimit(passwordsPerUser.burst, passwordsPerUser.perSecond)
  #refreshes = new RateLimit(refreshPerAddress.burst, refreshPerAddress.perSecond)
  #signIns = new SignInLimit()

  constructor(context: ApiContext) {
    this.#context = context
    this.#endedSessions = new EndedSessions(() => context.database())
  }

  /** Answers a request whose path begins with /rest/v1, /auth/v1 or /storage/v1. */
  async answer(request: Request, peer: Peer): Promise<Response> {
    const refused = this.#refuseKey(request)
    if (refused) return refused
    const { pathname } = new URL(request.url)
    try {
      if (pathname.startsWith('/storage/v1')) return await this.#storage(request, peer)
      return pathname.startsWith('/rest/v1')
        ? await this.#rest(request, peer)
        : await this.#auth(request, peer)
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
  async #caller(request: Request, peer: Peer): Promise<Caller | Response> {
    const token = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
    const caller = callerOf(token, this.#context.secrets.jwtSecret)
    if (!caller || (await this.#endedSessions.includes(caller))) {
      return problem(401, 'bad_jwt', 'Sign in again: this session is not valid here.')
    }
    if (!this.#context.acceptsDemoAccounts(peer) && isDemoEmail(caller.email)) return demoRefused()
    const wait = this.#users.take(caller.userId)
    return wait > 0 ? tooMany(wait) : caller
  }

  /** The whole body, or the refusal of one that is too long or nested too deep. */
  async #body(request: Request, limitBytes: number): Promise<Body | Response> {
    const bytes = await readBody(request, limitBytes)
    if (bytes === 'too large') {
      return problem(413, 'too_large', `The request is longer than ${limitBytes} bytes.`)
    }
    const text = new TextDecoder().decode(bytes ?? new ArrayBuffer(0))
    return isTooDeep(text) ? tooDeep() : { bytes, text }
  }

  async #storage(request: Request, peer: Peer): Promise<Response> {
    const caller = await this.#caller(request, peer)
    return caller instanceof Response ? caller : this.#context.photos.answer(request, caller.userId)
  }

  /**
   * Functions alone, called in the one way the app calls them: tables, arguments in the address and
   * other formats than JSON are ways for a text to reach the database's parsers uncapped.
   */
  async #rest(request: Request, peer: Peer): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const name = /^\/rest\/v1\/rpc\/([a-z_][a-z0-9_]{0,62})$/.exec(pathname)?.[1]
    if (!name) return problem(404, 'not_found', 'There is nothing at this path.')
    const caller = await this.#caller(request, peer)
    if (caller instanceof Response) return caller
    if (request.method !== 'POST') {
      return problem(405, 'post_only', 'Functions are called by POST.', { allow: 'POST' })
    }
    if (search) return problem(400, 'bad_arguments', 'Arguments are sent in the body.')
    const isCommand = name === 'apply_commands'
    const body = await this.#body(request, isCommand ? commandBytes : otherBytes)
    if (body instanceof Response) return body
    const args = objectIn(body.text)
    if (!args) return problem(400, 'bad_arguments', 'The body is an object of arguments in JSON.')
    // a string given for a json argument is read as JSON by the database
    if (Object.values(args).some((value) => typeof value === 'string' && isTooDeep(value))) {
      return tooDeep()
    }
    return isCommand
      ? this.#applyCommands(request, body, args, caller)
      : this.#forward(request, body.bytes)
  }

  /** Nothing is asked of the database before the call is on disk; see `Journal`. */
  async #applyCommands(
    request: Request,
    { bytes, text }: Body,
    { p_commands: commands }: Record<string, unknown>,
    { userId }: Caller,
  ): Promise<Response> {
    const { backend, journal, onChange } = this.#context
    // what the database would take in another form could not be repeated from the journal
    if (!Array.isArray(commands)) return problem(400, 'bad_commands', 'p_commands is an array.')
    if (commands.length > maxCommands) {
      return problem(413, 'too_many_commands', `A call holds at most ${maxCommands} commands.`)
    }
    if (!journal) return this.#forward(request, bytes)
    // what cannot be asked now is sent again, and need not be in the journal every time
    if (!backend.isReady) throw new BackendUnavailable()
    const wait = this.#journaled.take(userId, bytes?.byteLength)
    if (wait > 0) return tooMany(wait)
    const received = new Date().toISOString()
    const settled = await journal.append({ user: userId, body: text, received })
    try {
      return await this.#forward(request, bytes)
    } finally {
      settled()
      onChange()
    }
  }

  async #auth(request: Request, peer: Peer): Promise<Response> {
    const body = await this.#body(request, otherBytes)
    if (body instanceof Response) return body
    switch (`${request.method} ${new URL(request.url).pathname}`) {
      case 'POST /auth/v1/token':
        return this.#token(request, body, peer)
      case 'POST /auth/v1/logout': {
        const caller = await this.#caller(request, peer)
        return caller instanceof Response ? caller : this.#forward(request, body.bytes)
      }
      case 'GET /auth/v1/user': {
        const caller = await this.#caller(request, peer)
        return caller instanceof Response ? caller : this.#forward(request, null)
      }
      case 'PUT /auth/v1/user':
        return this.#changePassword(request, body, peer)
      default:
        return problem(403, 'not_offered', 'This server offers signing in by password only.')
    }
  }

  async #token(request: Request, body: Body, peer: Peer): Promise<Response> {
    const grant = new URL(request.url).searchParams.get('grant_type')
    if (grant === 'refresh_token') {
      const wait = this.#refreshes.take(peer.address)
      return wait > 0 ? tooMany(wait) : this.#forward(request, body.bytes)
    }
    if (grant !== 'password') {
      return problem(403, 'not_offered', 'This server offers signing in by password only.')
    }
    const email = objectIn(body.text)?.email
    if (typeof email !== 'string') return problem(400, 'validation_failed', 'An email is needed.')
    const account = email.trim().toLowerCase()
    if (!this.#context.acceptsDemoAccounts(peer) && isDemoEmail(account)) return demoRefused()
    const wait = this.#signIns.take(account, peer.address)
    if (wait > 0) return tooMany(wait)
    const response = await this.#forward(request, body.bytes)
    if (response.ok) {
      this.#signIns.refund(account, peer.address)
      this.#context.onChange()
    }
    return response
  }

  async #changePassword(request: Request, body: Body, peer: Peer): Promise<Response> {
    const caller = await this.#caller(request, peer)
    if (caller instanceof Response) return caller
    // the client library always sends its code challenge, null when there is none
    const fields = Object.entries(objectIn(body.text) ?? {}).flatMap(([name, value]) =>
      value === null ? [] : [name],
    )
    if (!fields.includes('password') || fields.some((field) => !passwordFields.has(field))) {
      return problem(403, 'not_offered', 'Only the password can be changed here.')
    }
    if (isDemoEmail(caller.email)) {
      return problem(403, 'demo_account', 'The passwords of the demo accounts stay as they are.')
    }
    const wait = this.#passwords.take(caller.userId)
    if (wait > 0) return tooMany(wait)
    const response = await this.#forward(request, body.bytes)
    if (response.ok) this.#context.onUnjournaledChange()
    return response
  }

  async #forward(request: Request, body: ArrayBuffer | null): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const headers = forwardedHeaders.flatMap((name): [string, string][] => {
      const value = request.headers.get(name)
      return value === null ? [] : [[name, value]]
    })
    // whatever it calls itself, it was looked at as JSON
    if (body) headers.push(['content-type', 'application/json'])
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

function tooDeep(): Response {
  return problem(400, 'too_deep', `The request is nested deeper than ${deepestNesting} levels.`)
}
