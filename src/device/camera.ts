/** Texts at `step.camera.<failure>`. */
export type CameraFailure = 'insecure' | 'unsupported' | 'denied' | 'none' | 'busy'

export interface CameraHost {
  isSecureContext: boolean
  navigator: { mediaDevices?: Pick<MediaDevices, 'getUserMedia'> | undefined }
}

export type OpenedCamera = { ok: true; stream: MediaStream } | { ok: false; reason: CameraFailure }

/** The camera at the back where there is one. The browser asks the person once. */
export async function openCamera(host: CameraHost = globalThis): Promise<OpenedCamera> {
  if (!host.isSecureContext) return { ok: false, reason: 'insecure' }
  const { mediaDevices } = host.navigator
  if (!mediaDevices) return { ok: false, reason: 'unsupported' }
  try {
    const stream = await mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: 'environment' }, width: { ideal: 2048 } },
    })
    return { ok: true, stream }
  } catch (failure) {
    return { ok: false, reason: reasonOf(failure) }
  }
}

/** Switches the camera's light off. */
export const closeCamera = (stream: MediaStream): void =>
  stream.getTracks().forEach((track) => track.stop())

function reasonOf(failure: unknown): CameraFailure {
  const name = failure instanceof DOMException ? failure.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none'
  return name === 'NotSupportedError' ? 'unsupported' : 'busy'
}

/**
 * The frame shown now as a JPEG file, in the camera's own size. It carries neither time nor place.
 * @throws DOMException when nothing can be drawn
 */
export async function frameOf(video: HTMLVideoElement): Promise<File> {
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  canvas.getContext('2d', { alpha: false })?.drawImage(video, 0, 0)
  const blob = await new Promise<Blob | null>((resolve) =>
    canvas.toBlob(resolve, 'image/jpeg', 0.95),
  )
  if (!blob) throw new DOMException('no picture', 'EncodingError')
  return new File([blob], 'camera.jpg', { type: 'image/jpeg' })
}
