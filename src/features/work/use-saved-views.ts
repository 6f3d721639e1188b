import { useToast } from '@nuxt/ui/composables'
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { AppError } from '@/data/errors.ts'
import { settingsRepo } from '@/data/settings.repo.ts'
import type { SavedView } from '@/domain/workflow/work-view.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useSetting } from '@/stores/use-setting.ts'

/** Why a view was not saved; the words are `work.views.issue.<issue>`. */
export type ViewIssue = 'name-taken' | 'stale' | 'too-many' | 'not-allowed' | 'offline' | 'failed'

export type ViewToSave = Pick<SavedView, 'id' | 'name' | 'query' | 'isShared' | 'version'>

export interface SavedViews {
  views: ComputedRef<readonly SavedView[]>
  loadError: Readonly<Ref<AppError | null>>
  busy: Readonly<Ref<boolean>>
  issue: Readonly<Ref<ViewIssue | null>>
  /** `version` 0 makes a new one; `before` is what an undo brings back. Resolves to true once saved. */
  save(view: ViewToSave, before?: SavedView): Promise<boolean>
  remove(view: SavedView): Promise<boolean>
  forgetIssue(): void
}

const undoMs = 10_000

/** The person's saved views of the page of work, and their team's. */
export function useSavedViews(): SavedViews {
  const { t } = useI18n()
  const toast = useToast()
  const setting = useSetting()
  const issue = ref<ViewIssue | null>(null)
  const { data, error, reload } = useServerQuery<readonly SavedView[]>(() => ({
    key: ['work-views'],
    ask: ({ call, signal }) => call((backend) => settingsRepo(backend).views(signal)),
  }))

  /** Resolves to the new version; null when it was not saved. */
  async function send(type: string, payload: object): Promise<number | null> {
    issue.value = null
    const answer = await setting.send(type, payload)
    if (answer?.outcome === 'saved') {
      await reload()
      return answer.version
    }
    if (!answer) issue.value = setting.error.value?.kind === 'offline' ? 'offline' : 'failed'
    else if (answer.outcome === 'stale') {
      issue.value = 'stale'
      await reload()
    } else
      issue.value =
        ({ name_taken: 'name-taken', too_many: 'too-many', not_allowed: 'not-allowed' } as const)[
          answer.code
        ] ?? 'failed'
    return null
  }

  const put = ({ version, ...view }: ViewToSave): Promise<number | null> =>
    send('save_view', {
      id: view.id,
      baseVersion: version,
      name: view.name,
      query: view.query,
      isShared: view.isShared,
    })

  function tell(title: string, undo: (() => Promise<unknown>) | null): void {
    toast.add({
      title,
      icon: 'lucide:check',
      color: 'success',
      ...(undo && {
        duration: undoMs,
        actions: [
          {
            label: t('step.undo'),
            icon: 'lucide:undo-2',
            color: 'neutral',
            variant: 'outline',
            onClick: () => void undone(undo),
          },
        ],
      }),
    })
  }
  async function undone(undo: () => Promise<unknown>): Promise<void> {
    const isBack = (await undo()) !== null
    toast.add({
      title: isBack ? t('work.views.undone') : t(`work.views.issue.${issue.value ?? 'failed'}`),
      icon: isBack ? 'lucide:undo-2' : 'lucide:circle-alert',
      color: isBack ? 'neutral' : 'error',
    })
    issue.value = null
  }

  return {
    views: computed(() => data.value ?? []),
    loadError: error,
    busy: setting.busy,
    issue,
    async save(view, before) {
      const version = await put(view)
      if (version === null) return false
      tell(t('work.views.saved', { name: view.name }), () =>
        before
          ? put({ ...before, version })
          : send('delete_view', { id: view.id, baseVersion: version }),
      )
      return true
    },
    async remove(view) {
      const version = await send('delete_view', { id: view.id, baseVersion: view.version })
      if (version === null) return false
      // an admin cannot bring back another person's
      tell(
        t('work.views.deleted', { name: view.name }),
        view.isOwn ? () => put({ ...view, version: 0 }) : null,
      )
      return true
    },
    forgetIssue: () => (issue.value = null),
  }
}
