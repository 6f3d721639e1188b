import {
  MercatorCoordinate,
  type CustomLayerInterface,
  type CustomRenderMethodInput,
} from 'maplibre-gl'
import type { BoundingBox } from '@/domain/vocabulary.ts'

/** RGBA, not premultiplied, north row first, evenly spaced in web mercator. */
interface Picture {
  pixels: Uint8ClampedArray
  width: number
  height: number
  bbox: BoundingBox
}

const vertexShader = `#version 300 es
uniform vec2 u_corners[4];
out vec2 v_place;
void main() {
  v_place = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(u_corners[gl_VertexID], 0.0, 1.0);
}`

const fragmentShader = `#version 300 es
precision mediump float;
uniform sampler2D u_picture;
uniform float u_opacity;
in vec2 v_place;
out vec4 color;
void main() {
  color = texture(u_picture, v_place) * u_opacity;
}`

/**
 * Draws with one texture lookup a pixel. MapLibre's raster layer also adjusts colours: most of a
 * frame without a graphics card.
 */
export class PictureLayer implements CustomLayerInterface {
  readonly id: string
  readonly type = 'custom'
  readonly renderingMode = '2d'
  readonly #opacityAt: (zoom: number) => number
  readonly #zoom: () => number
  #picture: Picture | null = null
  #isUploaded = false
  #parts: GlParts | null = null

  /** @param opacityAt 0 to 1 */
  constructor(id: string, zoom: () => number, opacityAt: (zoom: number) => number) {
    this.id = id
    this.#zoom = zoom
    this.#opacityAt = opacityAt
  }

  /** The caller must repaint. */
  set(picture: Picture | null): void {
    this.#picture = picture
    this.#isUploaded = false
  }

  onAdd(_map: unknown, gl: WebGL2RenderingContext): void {
    this.#parts = makeParts(gl)
    this.#isUploaded = false
  }

  onRemove(_map: unknown, gl: WebGL2RenderingContext): void {
    gl.deleteProgram(this.#parts?.program ?? null)
    gl.deleteTexture(this.#parts?.texture ?? null)
    this.#parts = null
  }

  render(gl: WebGL2RenderingContext, { defaultProjectionData }: CustomRenderMethodInput): void {
    const opacity = this.#opacityAt(this.#zoom())
    if (!this.#picture || !this.#parts || opacity <= 0) return
    const { program, texture, corners, opacityUniform } = this.#parts
    gl.activeTexture(gl.TEXTURE0)
    gl.bindTexture(gl.TEXTURE_2D, texture)
    if (!this.#isUploaded) upload(gl, this.#picture)
    this.#isUploaded = true
    gl.useProgram(program)
    gl.uniform1f(opacityUniform, opacity)
    gl.uniform2fv(corners, clipCorners(this.#picture.bbox, defaultProjectionData.mainMatrix))
    // Nothing opaque lies above; the test costs a pass over the pixels.
    gl.disable(gl.DEPTH_TEST)
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4)
  }
}

interface GlParts {
  program: WebGLProgram
  texture: WebGLTexture
  corners: WebGLUniformLocation | null
  opacityUniform: WebGLUniformLocation | null
}

/** @throws Error when the shaders do not link */
function makeParts(gl: WebGL2RenderingContext): GlParts {
  const program = gl.createProgram()
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ] as const) {
    const shader = gl.createShader(type)!
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
    gl.deleteShader(shader)
  }
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`picture layer: ${gl.getProgramInfoLog(program)}`)
  return {
    program,
    texture: gl.createTexture(),
    corners: gl.getUniformLocation(program, 'u_corners'),
    opacityUniform: gl.getUniformLocation(program, 'u_opacity'),
  }
}

/** Premultiplies for the canvas. */
function upload(gl: WebGL2RenderingContext, { pixels, width, height }: Picture): void {
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true)
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false)
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4)
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length)
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes)
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR)
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR)
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE)
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE)
}

/**
 * NW, NE, SW, SE in clip space. Computed in 64 bits: 32 bits are too coarse for a street. Never
 * tilted, so w is constant.
 */
function clipCorners(
  [west, south, east, north]: BoundingBox,
  matrix: ArrayLike<number>,
): Float32Array {
  const corners = [
    [west, north],
    [east, north],
    [west, south],
    [east, south],
  ] as const
  return Float32Array.from(
    corners.flatMap(([lng, lat]) => {
      const { x, y } = MercatorCoordinate.fromLngLat([lng, lat])
      const at = (row: number) => matrix[row]! * x + matrix[4 + row]! * y + matrix[12 + row]!
      return [at(0) / at(3), at(1) / at(3)]
    }),
  )
}
