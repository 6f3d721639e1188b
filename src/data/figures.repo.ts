import type { PublicFigures } from '@/domain/publish/figures.ts'
import { AppError, toAppError } from './errors.ts'

/** Loads the published figures, without a session; null where there are none. @throws AppError */
export async function publishedFigures(signal?: AbortSignal): Promise<PublicFigures | null> {
  try {
    const answer = await fetch('/figures.json', { signal: signal ?? null })
    // The second where no server of ours runs.
    if (answer.status === 204 || answer.status === 404) return null
    if (!answer.ok) throw new AppError('server', `HTTP ${answer.status}`)
    const figures = (await answer.json()) as Partial<PublicFigures>
    if (figures.version !== 1) throw new AppError('server', 'figures of another version')
    return figures as PublicFigures
  } catch (error) {
    throw toAppError(error)
  }
}
