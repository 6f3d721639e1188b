import { BlockList, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Settings } from '../base/settings.ts'
import { isLoopback } from '../base/settings.ts'

type Where = Pick<Settings, 'host' | 'publicUrl' | 'trustedProxy' | 'tls'>

/**
 * Allowed `Host` values. A foreign page's name can point at this machine (DNS rebinding); an
 * address cannot.
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
 * True when other machines may reach the server. Ignores the peer: requests through a proxy look
 * local.
 */
export function isExposed(where: Where): boolean {
  if (!isLoopback(where.host) || where.trustedProxy) return true
  return where.publicUrl !== null && !isLoopback(new URL(where.publicUrl).hostname)
}

export interface Peer {
  /** See `clientAddress`. */
  address: string
  /** It may then come from anywhere. */
  viaProxy: boolean
  /** Behind an untrusted proxy, all clients share one address. */
  sharesAddress: boolean
}

/**
 * The peer or a trusted proxy's last entry. IPv6 is cut to /64: a host can use any address there.
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trustedProxy: boolean,
): string {
  const last = trustedProxy ? forwardedFor?.split(',').at(-1)?.trim() : undefined
  return networkOf(withoutPort(last || peer || 'unknown'))
}

/** Also removes brackets, quotes and IPv6 zones. */
function withoutPort(text: string): string {
  const bare = text.replaceAll('"', '')
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(bare)?.[1]
  const address = bracketed ?? bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  return address.replace(/%.*$/, '')
}

function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  // The URL parser normalises the address.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical)
  if (mapped) return ipv4Of(mapped[1]!, mapped[2]!)
  const [head = [], tail = []] = canonical
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}

function ipv4Of(high: string, low: string): string {
  const bits = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return bits.flatMap((pair) => [pair >> 8, pair & 255]).join('.')
}

/** This machine and private networks, where the owner's proxies run. */
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

/** A local proxy makes requests look local. nginx by default sends HTTP/1.0; browsers do not. */
export function isViaProxy(headers: Headers, httpVersion: string): boolean {
  if (httpVersion === '1.0') return true
  return [...headers.keys()].some(
    (name) => name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded-'),
  )
}
