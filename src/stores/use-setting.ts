import { ref, type Ref } from 'vue'
import { toAppError, type AppError } from '@/data/errors.ts'
import { settingsRepo, type SettingAnswer } from '@/data/settings.repo.ts'
import { payloadText, type WireCommand } from '@/domain/command/command.ts'
import { newUuid } from '@/domain/command/uuid.ts'
import { useSessionStore } from './session.store.ts'

export interface SettingSender {
  busy: Readonly<Ref<boolean>>
  /** Of the last sending; null when it was answered. */
  error: Readonly<Ref<AppError | null>>
  /** Resolves to null without an answer. */
  send(type: string, payload: object): Promise<SettingAnswer | null>
}

/** Saves settings by command. One that had no answer is sent again as the same command, so that it counts once. */
export function useSetting(): SettingSender {
  const session = useSessionStore()
  const busy = ref(false)
  const error = ref<AppError | null>(null)
  let unanswered: WireCommand | null = null

  async function send(type: string, payload: object): Promise<SettingAnswer | null> {
    const text = payloadText(payload)
    const isSame = unanswered?.type === type && unanswered.payload === text
    const command: WireCommand =
      isSame && unanswered
        ? unanswered
        : {
            id: newUuid(),
            actor: session.context!.userId,
            type,
            at: new Date().toISOString(),
            payload: text,
          }
    unanswered = command
    busy.value = true
    error.value = null
    try {
      const answer = await session.guard(() => settingsRepo(session.backend!).send(command))
      unanswered = null
      return answer
    } catch (failure) {
      error.value = toAppError(failure)
      return null
    } finally {
      busy.value = false
    }
  }
  return { busy, error, send }
}
