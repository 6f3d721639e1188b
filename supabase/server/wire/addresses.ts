import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Settings } from '../base/settings.ts'
import { isLoopback } from '../base/settings.ts'

type Where = Pick<Settings, 'host' | 'publicUrl' | 'trustedProxy' | 'tls'>

/**
 * The values of `Host` we answer to. A name we do not know may be a page elsewhere whose name was
 * pointed at this machine (DNS rebinding); an address of this machine cannot be.
 */
export function allowedHosts(where: Where, port: number): Set<string> {
  const names = new Set<string>()
  const everywhere = where.host === '0.0.0.0' || where.host === '::'
  if (isLoopback(where.host) || everywhere) {
    for (const name of ['localhost', '127.0.0.1', '[::1]']) names.add(name)
  }
  if (everywhere) {
    for (const { address, family } of Object.values(networkInterfaces()).flatMap(
      (list) => list ?? [],
    )) {
      names.add(family === 'IPv6' ? `[${address}]` : address)
    }
  } else {
    names.add(where.host.includes(':') ? `[${where.host}]` : where.host)
  }
  const defaultPort = where.tls ? 443 : 80
  const hosts = new Set<string>()
  for (const name of names) {
    hosts.add(`${name}:${port}`)
    if (port === defaultPort) hosts.add(name)
  }
  if (where.publicUrl) hosts.add(new URL(where.publicUrl).host)
  return hosts
}

/**
 * True when others than this machine may reach the server. Judged by where it is bound and how it is
 * announced, never by the peer: a proxy's requests all look local.
 */
export function isExposed(where: Where): boolean {
  if (!isLoopback(where.host) || where.trustedProxy) return true
  return where.publicUrl !== null && !isLoopback(new URL(where.publicUrl).hostname)
}

/** Who sends a request. */
export interface Peer {
  /** What its tries are counted by; see `clientAddress`. */
  address: string
  /** A proxy passed the request on: it may come from anywhere. */
  viaProxy: boolean
}

/**
 * Who is calling: the peer, or what a trusted proxy says about it (its own, last entry). Of an IPv6
 * address the network (/64): its hosts have as many addresses as they like.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxy: boolean,
): string {
  const last = trustedProxy ? forwardedFor?.split(',').at(-1)?.trim() : undefined
  return networkOf(last || peer || 'unknown')
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  if (!isIPv6(address)) return address
  const [head = [], tail = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}

/**
 * True when a proxy passed the request on. A proxy beside the server makes every request look local,
 * and one nobody told us about may even send our own name as `Host`. HTTP/1.0 is nginx as it is
 * installed; no browser speaks it.
 */
export function isViaProxy(headers: Headers, httpVersion: string): boolean {
  if (httpVersion === '1.0') return true
  return [...headers.keys()].some(
    (name) => name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded-'),
  )
}
