import type { Page } from 'playwright'

/**
 * Takes WebGL from a page and from all that its context loads later, as on a device without it:
 * the app names that in the map's place. For flows whose subject is no map, which costs most.
 */
export async function withoutWebGl(page: Page): Promise<void> {
  await page.context().addInitScript(refuseWebGl)
  await page.evaluate(refuseWebGl)
}

/** Runs in the page, before its own code. */
export function refuseWebGl(): void {
  const { getContext } = HTMLCanvasElement.prototype
  HTMLCanvasElement.prototype.getContext = function (
    this: HTMLCanvasElement,
    kind: string,
    ...more: unknown[]
  ) {
    return /webgl/.test(kind) ? null : Reflect.apply(getContext, this, [kind, ...more])
  } as typeof getContext
}
