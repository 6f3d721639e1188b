/**
 * Milliseconds of one task that charts may take. The next task begins at once, not with the next frame: a page
 * whose charts waited for frames took twice as long.
 */
const taskBudget = 40

const waiting = new Set<() => void>()
/** Milliseconds taken of this task. */
let spent = 0
/** The next task is on its way. */
let isPosted = false
let channel: MessageChannel | null = null

/**
 * Paints at once while this task has time, else in one of the next tasks, so that clicks and keys are heard between
 * charts whose figures come together. A chart that asks again before its turn is painted once.
 */
export function paintInTurn(paint: () => void): void {
  waiting.add(paint)
  paintSome()
}

/** Forgets a chart that is gone. */
export const paintNever = (paint: () => void): void => void waiting.delete(paint)

function paintSome(): void {
  postNextTask()
  for (const paint of waiting) {
    if (spent >= taskBudget) return
    waiting.delete(paint)
    const began = performance.now()
    try {
      paint()
    } finally {
      spent += performance.now() - began
    }
  }
}

function postNextTask(): void {
  if (isPosted) return
  isPosted = true
  if (!channel) {
    channel = new MessageChannel()
    channel.port1.onmessage = () => {
      isPosted = false
      spent = 0
      if (waiting.size > 0) paintSome()
    }
  }
  channel.port2.postMessage(null)
}
