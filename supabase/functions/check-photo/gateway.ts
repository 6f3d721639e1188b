import type { PhotoGateway } from './handler.ts'

/** The secret key bypasses the policies. Throws on unexpected answers; the caller tries again. */
export function supabaseGateway(
  url: string,
  secretKey: string,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): PhotoGateway {
  const asService = { apikey: secretKey, authorization: `Bearer ${secretKey}` }
  const asJson = { ...asService, 'content-type': 'application/json' }
  const must = async (what: string, response: Response): Promise<void> => {
    if (!response.ok) throw new Error(`${what}: ${response.status} ${await response.text()}`)
  }
  return {
    async userOf(authorization) {
      if (!/^Bearer \S+$/i.test(authorization)) return null
      const headers = { apikey: secretKey, authorization }
      const response = await fetch(`${url}/auth/v1/user`, { headers })
      if (!response.ok) return null
      const { id } = (await response.json()) as { id?: unknown }
      return typeof id === 'string' ? id : null
    },
    async download(path) {
      const response = await fetch(`${url}/storage/v1/object/authenticated/photos/${path}`, {
        headers: asService,
      })
      // Storage answers 400 for a missing object
      if (response.status === 400 || response.status === 404) return null
      if (!response.ok) await must('download', response)
      return new Uint8Array(await response.arrayBuffer())
    },
    async record({ owner, hash, mediaType }, bytes, verdict) {
      const body = JSON.stringify({
        p_owner: owner,
        p_hash: hash,
        p_media_type: mediaType,
        p_bytes: bytes,
        p_width: verdict.ok ? verdict.width : null,
        p_height: verdict.ok ? verdict.height : null,
        p_verdict: verdict.ok ? 'ok' : 'refused',
        p_reason: verdict.ok ? null : verdict.fault,
      })
      const target = `${url}/rest/v1/rpc/record_photo_check`
      const response = await fetch(target, { method: 'POST', headers: asJson, body })
      await must('record', response)
      return (await response.json()) === true
    },
    async remove(path) {
      const body = JSON.stringify({ prefixes: [path] })
      const target = `${url}/storage/v1/object/photos`
      await must('remove', await fetch(target, { method: 'DELETE', headers: asJson, body }))
    },
  }
}

export function secretKeyFrom(env: (name: string) => string | undefined): string {
  const named = env('SUPABASE_SECRET_KEYS')
  const [first] = named ? Object.values(JSON.parse(named) as Record<string, string>) : []
  const key = first ?? env('SUPABASE_SERVICE_ROLE_KEY')
  if (!key) throw new Error('Neither SUPABASE_SECRET_KEYS nor SUPABASE_SERVICE_ROLE_KEY is set.')
  return key
}
