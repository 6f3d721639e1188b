import { pinOf } from '@/domain/command/report-form.ts'
import { computed, nextTick, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { onBeforeRouteLeave, useRoute, useRouter } from 'vue-router'
import { captureCommand } from '@/domain/command/report-command.ts'
import { captureIssues, type CaptureField } from '@/domain/command/report-rules.ts'
import { crossing } from '@/domain/place/near-streets.ts'
import type { Draft } from '@/domain/command/command.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { queryWriter } from '@/stores/view/query-writer.ts'
import { useDraft } from '@/stores/outbox/use-draft.ts'
import { useDraftSend } from '@/stores/outbox/use-draft-send.ts'
import { usePhotoFiles } from '@/stores/outbox/use-photo-files.ts'
import { useNearStreets } from '@/parts/place/use-street-name.ts'
import { usePinAreas } from '@/parts/place/use-pin-areas.ts'
import { useDuplicateOffers } from './use-duplicate-offers.ts'
import { usePin } from './use-pin.ts'
import { useCounted } from '@/ui/use-counted.ts'

/** In page order. */
const fields: CaptureField[] = ['photos', 'category', 'duplicates', 'place', 'description']
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value ? value : null

/** State of the capture page. Saves every change on the device and names the draft in the URL. */
export function useCapturePage() {
  const { t, locale } = useI18n()
  const counted = useCounted()
  const route = useRoute()
  const router = useRouter()
  const writer = queryWriter(router)
  const outboxStore = useOutboxStore()
  const categories = useCategoriesStore()
  const session = useSessionStore()

  const draft = useDraft()
  const { form, photoHashes } = draft
  const photos = usePhotoFiles(photoHashes, draft.keep)
  const pin = usePin(form, () => photoHashes.value.length > 0)
  const { pinArea, isInsideCity } = usePinAreas(pin.pin)
  const {
    isSending,
    sent,
    failure,
    send: enqueue,
  } = useDraftSend(draft, photos, (refs) =>
    captureCommand({
      form,
      incidentId: draft.id.value,
      photos: refs,
      deviceAt: new Date().toISOString(),
    }),
  )
  const duplicates = useDuplicateOffers(form, { id: draft.id, isSending })
  /** The URL names an item missing on this device. */
  const isMissing = ref(false)
  /** For a new form, however far it is filled: a list that goes would move what is under the finger. */
  const offersDrafts = ref(true)
  /** Missing fields show after the first attempt. */
  const wasTried = ref(false)

  const category = computed(() =>
    form.categoryCode === null ? undefined : categories.byCode(form.categoryCode),
  )
  const department = computed(() => {
    const code = category.value?.defaultDepartment
    const found = code ? categories.department(code) : undefined
    return found ? categories.nameOf(found, locale.value) : null
  })
  const issues = computed(() =>
    captureIssues(form, {
      requiresDescription: category.value?.requiresDescription ?? false,
      isInsideCity: isInsideCity.value,
      openOffers: duplicates.offers.value.length,
      photoCount: photoHashes.value.length,
    }),
  )
  const errorOf = (field: CaptureField): string | undefined => {
    const key = issues.value[field]
    const isAtOnce =
      key === 'capture.error.description-long' || key === 'capture.error.outside-city'
    return key && (wasTried.value || isAtOnce) ? t(key) : undefined
  }
  const problem = computed(() => {
    if (failure.value) return t(`capture.send.failed.${failure.value}`)
    const count = Object.keys(issues.value).length
    return wasTried.value && count > 0 ? counted('capture.send.missing', { count }) : undefined
  })

  const streets = useNearStreets(() => pinOf(form))
  watch([pinArea, draft.id, streets], ([found]) => {
    form.areaCode = found?.area.code ?? null
    // Names only: readers may use another language than the reporter.
    form.addressLabel = streets.value ? crossing(streets.value) : (found?.label ?? '')
  })
  watch([draft.isKept, draft.id], ([isKept]) => {
    if (isKept && !sent.value) writer.patch({ draft: draft.id.value, replaces: null }, 'replace')
  })

  async function showFirstIssue(): Promise<void> {
    await nextTick()
    const field = fields.find((one) => issues.value[one])
    const heading = document.getElementById(`capture-${field}-title`)
    heading?.closest('section')?.scrollIntoView({ block: 'start' })
    heading?.focus({ preventScroll: true })
  }

  async function send(): Promise<void> {
    wasTried.value = true
    if (Object.keys(issues.value).length > 0) return showFirstIssue()
    if (!(await enqueue())) return
    pin.position.stop()
    writer.patch({ draft: null, replaces: null }, 'replace')
  }

  function inHand(): void {
    sent.value = null
    failure.value = null
    wasTried.value = false
    pin.begin()
  }
  function take(next: Draft, isKept: boolean): void {
    draft.fill(next, isKept)
    offersDrafts.value = false
    inHand()
  }
  /** Waits until the form is saved. */
  async function putAway(): Promise<void> {
    await photos.settled()
    if (!sent.value) await draft.settle()
  }
  async function startNew(): Promise<void> {
    await putAway()
    draft.startNew()
    offersDrafts.value = true
    duplicates.refresh()
    writer.patch({ draft: null, replaces: null }, 'replace')
    inHand()
  }
  async function open(id: string): Promise<void> {
    const load = async () => (await outboxStore.whenOpen()).loadDraft(id)
    const outcome = await draft.open(load, { putAway })
    isMissing.value = outcome === 'missing'
    if (outcome !== 'overtaken') offersDrafts.value = outcome === 'missing'
    if (outcome !== 'opened') return
    inHand()
    writer.patch({ draft: id, replaces: null }, 'replace')
  }
  /** The refused item stays in the outbox until its correction is queued. */
  async function openRefused(id: string): Promise<void> {
    const load = async (): Promise<Draft | null> => {
      const copy = await (await outboxStore.whenOpen()).edit(id).catch(() => null)
      return copy && 'form' in copy ? { ...copy, replaces: id } : null
    }
    const outcome = await draft.open(load, { isStored: false, putAway })
    isMissing.value = outcome === 'missing'
    if (outcome !== 'overtaken') offersDrafts.value = outcome === 'missing'
    if (outcome === 'opened') inHand()
  }
  function takeBack(recalled: Draft): void {
    take(recalled, true)
    writer.patch({ draft: recalled.id, replaces: null }, 'replace')
  }
  async function remove(id: string): Promise<void> {
    const outbox = await outboxStore.whenOpen()
    // There it is said what goes with it.
    if ((await outbox.ofIncident(id)).length > 0)
      await router.push({ name: 'outbox', query: { show: 'drafts', item: id } })
    else await outbox.deleteDraft(id)
  }

  async function follow(query: { draft: string | null; replaces: string | null }): Promise<void> {
    isMissing.value = false
    if (query.replaces) await openRefused(query.replaces)
    else if (query.draft && query.draft !== draft.id.value) await open(query.draft)
  }
  const asked = (): { draft: string | null; replaces: string | null } => ({
    draft: textOf(route.query['draft']),
    replaces: textOf(route.query['replaces']),
  })
  // Links can open another draft or a new form while the page is open.
  watch(
    () => route.fullPath,
    async (fullPath) => {
      if (route.name !== 'capture' || writer.wrote(fullPath)) return
      const query = asked()
      if (query.draft || query.replaces) await follow(query)
      else if (draft.isKept.value || sent.value) await startNew()
    },
  )
  let wasWarned = false
  onBeforeRouteLeave(async () => {
    await putAway().catch(() => undefined)
    if (draft.saveState.value !== 'failed' || session.status !== 'signed-in' || wasWarned)
      return true
    // Warns once about an unsaved form; the second attempt leaves the page.
    wasWarned = true
    return false
  })
  async function begin(): Promise<void> {
    const query = asked()
    pin.begin()
    offersDrafts.value = !query.draft && !query.replaces
    if (query.draft || query.replaces) await follow(query)
  }

  return {
    draft,
    photos,
    pin,
    pinArea,
    isInsideCity,
    duplicates,
    category,
    department,
    isSending,
    sent,
    isMissing,
    offersDrafts,
    errorOf,
    problem,
    begin,
    send,
    startNew,
    open,
    remove,
    takeBack,
  }
}
