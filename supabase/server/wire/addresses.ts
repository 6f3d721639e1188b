import { BlockList, isIPv6 } from 'node:net'
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
  /** A proxy that nobody told us to trust stands in front: all its clients have one address. */
  sharesAddress: boolean
}

/**
 * The caller's address: the peer's, or the last entry of a trusted proxy, without its port. An IPv6
 * address is cut to its network (/64): a host has as many addresses there as it likes.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxy: boolean,
): string {
  const last = trustedProxy ? forwardedFor?.split(',').at(-1)?.trim() : undefined
  return networkOf(withoutPort(last || peer || 'unknown'))
}

/** `1.2.3.4:5678` and `[2001:db8::1]:443` without port and brackets; quotes and zones go too. */
function withoutPort(text: string): string {
  const bare = text.replaceAll('"', '')
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(bare)?.[1]
  const address = bracketed ?? bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  return address.replace(/%.*$/, '')
}

function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  // the URL parser writes every address in one form: lower case, no leading zeros
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical)
  if (mapped) return ipv4Of(mapped[1]!, mapped[2]!)
  const [head = [], tail = []] = canonical
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}

/** The IPv4 address in the last two groups of a mapped IPv6 address. */
function ipv4Of(high: string, low: string): string {
  const bits = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return bits.flatMap((pair) => [pair >> 8, pair & 255]).join('.')
}

/** True for an address of this machine or of a private network, where one's own proxies stand. */
export function isNear(address: string | undefined): boolean {
  return near.check(address ?? '', isIPv6(address ?? '') ? 'ipv6' : 'ipv4')
}

const near = new BlockList()
for (const [network, bits, family] of [
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
] as const) {
  near.addSubnet(network, bits, family)
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
