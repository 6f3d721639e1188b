/** Line breaks are allowed. @throws on anything else */
export function bytesFromBase64(text: string): Uint8Array<ArrayBuffer> {
  // Native since 2025, much faster.
  const native = Uint8Array as typeof Uint8Array & {
    fromBase64?: (text: string) => Uint8Array<ArrayBuffer>
  }
  if (native.fromBase64) return native.fromBase64(text)
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

export function base64FromBytes(bytes: Uint8Array): string {
  const native = bytes as Uint8Array & { toBase64?: () => string }
  if (native.toBase64) return native.toBase64()
  let binary = ''
  // Every engine takes this many arguments.
  for (let i = 0; i < bytes.length; i += 8192)
    binary += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(binary)
}

/** Three byte planes, high bytes first. */
export function uint24FromPlanes(planes: Uint8Array): Uint32Array<ArrayBuffer> {
  const count = planes.length / 3
  const values = new Uint32Array(count)
  for (let i = 0; i < count; i++)
    values[i] = (planes[i]! << 16) | (planes[count + i]! << 8) | planes[2 * count + i]!
  return values
}

/** Two byte planes, high bytes first. */
export function uint16FromPlanes(planes: Uint8Array): Uint16Array<ArrayBuffer> {
  const count = planes.length >> 1
  const values = new Uint16Array(count)
  for (let i = 0; i < count; i++) values[i] = (planes[i]! << 8) | planes[count + i]!
  return values
}
